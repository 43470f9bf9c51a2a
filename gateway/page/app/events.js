/* events: everything that happens, as it happens; it can be held still to be read. */

import { h } from './dom.js';
import * as format from './format.js';
import { head } from './frame.js';
import { empty, filterSelect, filterText, jobLink, panel, state, toneOf } from './parts.js';

const SHOWN = 200;
const WHAT = [
    ['', 'everything'],
    ['job', 'jobs'],
    ['worker', 'workers'],
    ['pool', 'pools'],
    ['client', 'clients'],
];

function viewOf(app) {
    app.ui.filter.events = app.ui.filter.events || { what: '', text: '', failures: false, held: null };
    return app.ui.filter.events;
}

function draw(app) {
    const view = viewOf(app);
    const source = view.held || app.watch.events;
    const list = source
        .filter((event) => fits(view, event))
        .slice(-SHOWN)
        .reverse();
    const note = app.watch.isOpen ? 'Live' : 'The stream is closed; it is opened again';
    const top = head(
        'Events',
        view.held
            ? 'Held: new events wait.'
            : `${note}${app.watch.missed ? `; ${format.count(app.watch.missed)} left out of a flood` : ''}.`,
        h(
            'button',
            { type: 'button', 'aria-pressed': String(Boolean(view.held)), onclick: () => hold(app, view) },
            view.held ? 'Go on' : 'Pause',
        ),
    );
    return [
        top,
        panel(
            'Events',
            { key: 'events' },
            filters(app, view),
            list.length ? lines(list) : empty('Nothing has happened since this page was opened.'),
        ),
    ];
}

function hold(app, view) {
    view.held = view.held ? null : [...app.watch.events];
    app.redraw(true);
}

function fits(view, event) {
    if (view.what && event.what !== view.what) return false;
    if (
        view.failures &&
        !['failed', 'overload', 'dead', 'dropped', 'slow', 'error'].includes(event.state) &&
        event.reason !== 'signal'
    )
        return false;
    return !view.text || textOf(event).includes(view.text.toLowerCase());
}

function textOf(event) {
    return [event.what, event.state, event.job, event.module, event.pool, event.reason, event.worker, event.client]
        .join(' ')
        .toLowerCase();
}

function filters(app, view) {
    const set = (name) => (value) => {
        view[name] = value;
        app.redraw(true);
    };
    return h(
        'div',
        { class: 'filters', role: 'search', 'aria-label': 'Events' },
        filterSelect('Of', view.what, WHAT, set('what')),
        filterText('With the text', view.text, set('text'), { class: 'grow' }),
        h(
            'label',
            { class: 'check' },
            h('input', {
                type: 'checkbox',
                checked: view.failures,
                onchange: (event) => set('failures')(event.target.checked),
            }),
            'Failures alone',
        ),
    );
}

const rows = new WeakMap(); /* a row is made once: the list is long, and drawn often */

function lines(list) {
    return h(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'List of events' },
        h(
            'table',
            { class: 'news cards', role: 'table', 'aria-label': 'Events' },
            h(
                'thead',
                { role: 'rowgroup' },
                h(
                    'tr',
                    { role: 'row' },
                    ['At', 'What', 'State', 'Details'].map((title) =>
                        h('th', { role: 'columnheader', scope: 'col' }, title),
                    ),
                ),
            ),
            h(
                'tbody',
                { role: 'rowgroup' },
                list.map((event) => {
                    if (!rows.has(event)) rows.set(event, line(event));
                    return rows.get(event);
                }),
            ),
        ),
    );
}

let number = 0;

function line(event) {
    const cell = (title, ...content) => h('td', { role: 'cell', 'data-title': title }, ...content);
    return h(
        'tr',
        { role: 'row', key: ++number },
        cell('At', format.clock(event.at_ms, true)),
        cell('What', subject(event)),
        cell('State', state(event.state, toneOf(event.state))),
        cell('Details', h('span', null, details(event))),
    );
}

function subject(event) {
    if (event.what === 'job') return h('span', null, event.module || 'job', ' ', event.job && jobLink(event.job));
    return `${event.what} ${event.what === 'pool' ? event.pool : (event[event.what] ?? '')}`;
}

function details(event) {
    return [
        event.reason,
        event.what !== 'pool' && event.pool && `pool ${event.pool}`,
        event.what !== 'worker' && event.worker !== undefined && `worker ${event.worker}`,
        event.what !== 'client' && event.client !== undefined && `client ${event.client}`,
        event.wait_us !== undefined && `waited ${format.micros(event.wait_us)}`,
        event.run_us !== undefined && `ran ${format.micros(event.run_us)}`,
        event.dropped && `${format.count(event.dropped)} left out before`,
    ]
        .filter(Boolean)
        .join(', ');
}

export const events = { title: 'Events', draw };
