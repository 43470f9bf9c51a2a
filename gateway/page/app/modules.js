/* modules: what can run here, and how it does. */

import { h } from './dom.js';
import * as format from './format.js';
import { absent, head } from './frame.js';
import { empty, moduleLink, panel, state, tag } from './parts.js';
import { table } from './table.js';

function draw(app) {
    const list = app.answer('modules');
    const stats = app.answer('stats');
    const top = head(
        'Modules',
        list
            ? `${format.plural(list.length, 'module')}. A name leads to its crashes, its times, and a form to try it.`
            : null,
    );
    if (!list) return [top, absent(app, 'modules')];
    const rows = list.map((one) => ({ ...one, figures: stats?.modules[one.name], crashes: crashesOf(app, one.name) }));
    return [top, panel('Modules', null, rows.length ? show(app, rows) : empty('module-dir has no module.'))];
}

function crashesOf(app, name) {
    return (app.answer('crashes') || []).filter((one) => one.module === name).reduce((sum, one) => sum + one.count, 0);
}

/** A module's breaker, or that it is off. */
export function condition(row) {
    if (!row.enabled) return tag('disabled');
    if (row.breaker.state === 'closed') return row.file ? state('ready', 'done', 'ready') : tag('no file', 'bad');
    return state(row.breaker.state, null, `breaker ${row.breaker.state}`);
}

function show(app, rows) {
    const time = (title, kind, p) => ({
        title,
        right: true,
        sort: (row) => row.figures?.[kind][p] || 0,
        cell: (row) => (hasRun(row) ? format.micros(row.figures[kind][p]) : '–'),
    });
    return table(app, {
        name: 'modules',
        label: 'Modules',
        rows,
        key: (row) => row.name,
        order: { title: 'Module', down: false },
        columns: [
            {
                title: 'Module',
                sort: (row) => row.name,
                cell: (row) => [
                    h('b', null, moduleLink(row.name)),
                    row.version && h('span', { class: 'muted' }, ` ${row.version}`),
                ],
            },
            { title: 'Pool', sort: (row) => row.pool, cell: (row) => row.pool },
            { title: 'State', sort: (row) => row.breaker.state, cell: condition },
            { title: 'Running', right: true, sort: (row) => row.running, cell: (row) => format.count(row.running) },
            { title: 'Waiting', right: true, sort: (row) => row.waiting, cell: (row) => format.count(row.waiting) },
            { title: 'Done', right: true, sort: (row) => row.done, cell: (row) => format.count(row.done) },
            {
                title: 'Failed',
                right: true,
                sort: (row) => row.failed,
                cell: (row) =>
                    row.failed
                        ? h(
                              'span',
                              null,
                              format.count(row.failed),
                              h('span', { class: 'muted' }, ` ${format.percent(row.failed, row.failed + row.done)}`),
                          )
                        : '0',
            },
            {
                title: 'Crashes',
                right: true,
                sort: (row) => row.crashes,
                cell: (row) => (row.crashes ? tag(format.count(row.crashes), 'bad') : '0'),
            },
            time('Wait p99', 'wait_us', 'p99'),
            time('Run p50', 'run_us', 'p50'),
            time('Run p99', 'run_us', 'p99'),
        ],
    });
}

function hasRun(row) {
    return row.figures?.run_us.counts.some((n) => n > 0);
}

export const modules = { title: 'Modules', needs: () => ({ modules: '/v1/modules', crashes: '/v1/crashes' }), draw };
