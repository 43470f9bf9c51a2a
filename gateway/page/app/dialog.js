/* dialog: one question before each write. Escape and Cancel leave everything as it is. */

import { h, patch } from './dom.js';

/** Asks. `fields`: [{name, label, value, min, max, hint}], whole numbers. Resolves to the fields' values by name (an empty
 *  object without fields), or to null. */
export function ask({ title, text, verb, danger, fields = [] }) {
    return new Promise((resolve) => {
        const dialog = document.createElement('dialog');
        const back = document.activeElement;
        let answer = null;
        const submit = (event) => {
            event.preventDefault();
            answer = valuesOf(event.target, fields);
            dialog.close();
        };
        dialog.setAttribute('aria-labelledby', 'dialog-title');
        dialog.addEventListener('close', () => {
            dialog.remove();
            back?.focus?.();
            resolve(answer);
        });
        patch(
            dialog,
            h(
                'form',
                { onsubmit: submit },
                h('h2', { id: 'dialog-title' }, title),
                [text].flat().map((one) => h('p', null, one)),
                fields.length > 0 && h('div', { class: 'fields' }, fields.map(field)),
                h(
                    'div',
                    { class: 'actions' },
                    h('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel'),
                    h(
                        'button',
                        { type: 'submit', class: danger ? 'first danger' : 'first', autofocus: fields.length === 0 },
                        verb,
                    ),
                ),
            ),
        );
        document.body.append(dialog);
        dialog.showModal();
    });
}

function field({ name, label, value, min, max, hint }) {
    return h(
        'label',
        null,
        label,
        h('input', { type: 'number', name, value: String(value), min, max, step: 1, required: true }),
        hint && h('span', { class: 'hint' }, hint),
    );
}

function valuesOf(form, fields) {
    return Object.fromEntries(fields.map(({ name }) => [name, Number(form.elements[name].value)]));
}
