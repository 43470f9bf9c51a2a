/* table: rows of objects, sorted by a click on a column's title. On a narrow screen each row becomes a card; the roles are
 * written out, as the change of layout takes a table's own from it. */

import { h } from './dom.js';

/** Columns: {title, cell(row), sort(row) or nothing, right: figures, wide, minor: left out where there is little room}. `name` keeps the order of this table
 *  over redraws and screens. */
export function table(app, { name, label, columns, rows, key, order }) {
    const sorting = app.ui.sorting[name] || order;
    return h(
        'div',
        { class: 'scroll', key: name },
        h(
            'table',
            { class: 'cards', role: 'table', 'aria-label': label },
            h(
                'thead',
                { role: 'rowgroup' },
                h(
                    'tr',
                    { role: 'row' },
                    columns.map((column) => title(app, name, column, sorting)),
                ),
            ),
            h(
                'tbody',
                { role: 'rowgroup' },
                sorted(rows, columns, sorting).map((row) => kept(name, row, () => line(row, columns, key))),
            ),
        ),
    );
}

const drawn =
    {}; /* by table: WeakMap from a row to its line. A row is made anew with each answer, a line with each row */

function kept(name, row, make) {
    drawn[name] ||= new WeakMap();
    if (!drawn[name].has(row)) drawn[name].set(row, make());
    return drawn[name].get(row);
}

function line(row, columns, key) {
    return h(
        'tr',
        { role: 'row', key: key(row) },
        columns.map((column) => {
            const content = column.cell(row);
            const none =
                content === '–' || content === '' || content === null || content === undefined || content === false;
            return h(
                'td',
                { role: 'cell', class: classes(column, none), 'data-title': column.title },
                Array.isArray(content) ? h('span', null, content) : content,
            );
        }),
    );
}

function classes(column, none) {
    return (
        [column.right && 'right', column.wide && 'wide', column.minor && 'minor', none && 'none']
            .filter(Boolean)
            .join(' ') || null
    );
}

function title(app, name, column, sorting) {
    const props = { role: 'columnheader', scope: 'col', class: column.right ? 'right' : null };
    if (!column.sort) return h('th', props, column.title || h('span', { class: 'hidden' }, 'Actions'));
    const isChosen = sorting?.title === column.title;
    const direction = isChosen ? (sorting.down ? 'descending' : 'ascending') : null;
    const choose = () => {
        app.ui.sorting[name] = { title: column.title, down: isChosen ? !sorting.down : Boolean(column.right) };
        app.redraw();
    };
    return h(
        'th',
        { ...props, 'aria-sort': direction },
        h('button', { type: 'button', onclick: choose }, column.title),
    );
}

function sorted(rows, columns, sorting) {
    const column = columns.find((one) => one.sort && one.title === sorting?.title);
    if (!column) return rows;
    const sign = sorting.down ? -1 : 1;
    return [...rows].sort((a, b) => sign * compare(column.sort(a), column.sort(b)));
}

function compare(a, b) {
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    return String(a ?? '').localeCompare(String(b ?? ''), 'en', { numeric: true });
}
