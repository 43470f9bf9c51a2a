/* parts: small pieces that several screens show. */

import { h } from './dom.js';
import * as format from './format.js';

/** A state as a dot of its colour and its word: the colour is never alone. */
export function state(word, tone, text) {
    const hollow = ['idle', 'waiting', 'delayed', 'closed', 'starting'].includes(word);
    return h(
        'span',
        { class: hollow ? 'state hollow' : 'state', vars: { '--tone': `var(--${tone || toneOf(word)})` } },
        text || word,
    );
}

const TONES = {
    busy: 'running',
    handed: 'running',
    ready: 'done',
    delayed: 'waiting',
    open: 'failed',
    probing: 'overload',
    closed: 'idle',
    paused: 'overload',
    dropped: 'overload',
    orphaned: 'overload',
    ended: 'idle',
    alive: 'done',
    retry: 'overload',
    cancelled: 'overload',
    gone: 'idle',
};
const OWN = ['done', 'failed', 'overload', 'running', 'waiting', 'idle', 'starting', 'dead', 'stopping'];

export function toneOf(word) {
    return OWN.includes(word) ? word : TONES[word] || 'idle';
}

export function tag(text, kind) {
    return h('span', { class: kind ? `tag ${kind}` : 'tag' }, text);
}

export function panel(title, options, ...children) {
    const { note, actions, key, heading = 'h2' } = options || {};
    return h(
        'section',
        { class: 'panel', key, 'aria-label': title },
        h(
            'header',
            null,
            h('div', null, h(heading, null, title), note && h('p', null, note)),
            actions && h('div', { class: 'actions' }, actions),
        ),
        ...children,
    );
}

export function empty(...text) {
    return h('p', { class: 'empty' }, ...text);
}

/** Below a list that goes on: how much of the answer `name` is shown, and a button for more. `limits`: few and many, of which
 *  `filter.limit` is one; `rest`: how the others are found. */
export function more(app, name, { filter, limits: [, many], which = 'first', rest = '' }) {
    if (!app.poller.hasMore[name]) return null;
    const onclick = () => {
        filter.limit = many;
        app.want();
    };
    return empty(
        `The ${which} ${format.count(app.answer(name)?.length)} are shown. `,
        filter.limit === many ? rest : h('button', { type: 'button', onclick }, 'Show more'),
    );
}

export function tiles(...all) {
    return h('dl', { class: 'tiles' }, all);
}

export function tile(title, figure, ...note) {
    return h(
        'div',
        { class: 'tile', key: title },
        h('dt', null, title),
        h('dd', null, figure, h('div', { class: 'note' }, ...note)),
    );
}

export function facts(rows) {
    return h(
        'dl',
        { class: 'facts' },
        rows.filter(Boolean).map(([title, ...value]) => [h('dt', null, title), h('dd', null, ...value)]),
    );
}

/** So much of a limit, as a bar and in figures; amber from two thirds on, red from nine tenths. */
export function meter(used, max, show = format.count, label = '') {
    const part = max > 0 ? Math.min(1, used / max) : 0;
    const tone = part >= 0.9 ? 'failed' : part >= 0.66 ? 'overload' : 'accent';
    return h(
        'div',
        { class: 'metered' },
        h('span', null, label, max > 0 ? `${show(used)} of ${show(max)}` : show(used)),
        h(
            'span',
            { class: 'meter', 'aria-hidden': 'true' },
            h('i', {
                vars: { '--part': `${100 * part}%`, '--least': used > 0 ? '3px' : '0', '--tone': `var(--${tone})` },
            }),
        ),
    );
}

const CREW = ['busy', 'starting', 'stopping', 'dead', 'idle'];

/** Workers by state. */
export function crew(pool) {
    const words = CREW.filter((word) => pool[word] > 0);
    return h(
        'div',
        { class: 'metered' },
        h('span', null, words.length ? words.map((word) => `${pool[word]} ${word}`).join(', ') : 'none'),
        h(
            'span',
            { class: 'crew', 'aria-hidden': 'true' },
            words.map((word) =>
                h('i', { key: word, vars: { '--n': String(pool[word]), '--tone': `var(--${toneOf(word)})` } }),
            ),
            pool.max > pool.busy + pool.idle + pool.starting &&
                h('i', {
                    key: 'room',
                    vars: { '--n': String(pool.max - pool.busy - pool.idle - pool.starting), '--tone': 'transparent' },
                }),
        ),
    );
}

/** A button for a write. Without the right it stays in view, and says what is missing. */
export function button(app, right, label, onclick, kind = '') {
    const why = app.mayNot(right);
    return h(
        'button',
        {
            type: 'button',
            class: kind,
            title: why || null,
            'aria-disabled': why ? 'true' : null,
            onclick: () => (why ? app.say(why, true) : onclick()),
        },
        label,
    );
}

/** Buttons of which one is chosen. */
export function choice(label, options, chosen, choose) {
    return h(
        'div',
        { class: 'choice', role: 'group', 'aria-label': label },
        options.map(([value, text]) =>
            h(
                'button',
                { type: 'button', 'aria-pressed': String(value === chosen), onclick: () => choose(value) },
                text,
            ),
        ),
    );
}

export function jobLink(job) {
    return job ? h('a', { href: `#/jobs/${encodeURIComponent(job)}`, class: 'mono' }, job) : '–';
}

export function moduleLink(name) {
    return name ? h('a', { href: `#/modules/${encodeURIComponent(name)}` }, name) : '–';
}

/** A field of a filter. */
export function filterText(label, value, change, props = {}) {
    return h(
        'label',
        { class: props.class },
        label,
        h('input', {
            type: 'search',
            value,
            autocomplete: 'off',
            spellcheck: 'false',
            oninput: (event) => change(event.target.value),
        }),
    );
}

export function filterSelect(label, value, options, change) {
    return h(
        'label',
        null,
        label,
        h(
            'select',
            { value, onchange: (event) => change(event.target.value) },
            options.map(([word, text]) => h('option', { value: word, key: word }, text)),
        ),
    );
}
