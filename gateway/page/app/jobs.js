/* jobs: running longest, waiting, failed lately; a filter; cancel and kill. */

import { h } from './dom.js';
import * as format from './format.js';
import { absent, head } from './frame.js';
import { button, empty, filterSelect, filterText, jobLink, moduleLink, more, panel, state } from './parts.js';
import { table } from './table.js';

const LIMITS = [100, 1000];
const FAILED_SHOWN = 50;
const STATES = [
    ['', 'any'],
    ['running', 'running'],
    ['waiting', 'waiting'],
    ['stopping', 'stopping'],
];

function filterOf(app) {
    app.ui.filter.jobs = app.ui.filter.jobs || { module: '', pool: '', owner: '', state: '', limit: LIMITS[0] };
    return app.ui.filter.jobs;
}

function needs(app) {
    const set = Object.entries(filterOf(app)).filter(([, value]) => value !== '');
    return { jobs: `/v1/jobs?${new URLSearchParams(set)}` };
}

function draw(app) {
    const stats = app.answer('stats');
    const top = head(
        'Jobs',
        stats
            ? `${format.plural(stats.jobs.running, 'job')} ${stats.jobs.running === 1 ? 'runs' : 'run'}, ${format.count(stats.queue.waiting)} wait.`
            : null,
    );
    return [top, h('div', { class: 'stack' }, unfinished(app, stats), failed(app))];
}

function unfinished(app, stats) {
    const list = app.answer('jobs');
    return panel(
        'Running and waiting',
        { key: 'unfinished' },
        filters(app, stats),
        !list ? absent(app, 'jobs') : list.length ? rowsOf(app, list) : empty('No such job runs or waits.'),
        more(app, 'jobs', { filter: filterOf(app), limits: LIMITS, rest: 'A filter finds the others.' }),
    );
}

function filters(app, stats) {
    const filter = filterOf(app);
    const set = (name) => (value) => {
        filter[name] = value;
        app.want();
        app.redraw(true);
    };
    const names = (of) => [['', 'any'], ...Object.keys(of || {}).map((name) => [name, name])];
    return h(
        'div',
        { class: 'filters', role: 'search', 'aria-label': 'Jobs' },
        filterSelect('Module', filter.module, names(stats?.modules), set('module')),
        filterSelect('Pool', filter.pool, names(stats?.pools), set('pool')),
        filterSelect('State', filter.state, STATES, set('state')),
        filterText('Owner', filter.owner, set('owner')),
    );
}

function rowsOf(app, list) {
    return table(app, {
        name: 'jobs',
        label: 'Running and waiting jobs',
        rows: list,
        key: (row) => row.job,
        columns: [
            {
                title: 'Job',
                cell: (row) =>
                    h('span', null, jobLink(row.job), row.origin && h('span', { class: 'sub' }, `for ${row.origin}`)),
            },
            { title: 'Module', sort: (row) => row.module, cell: (row) => moduleLink(row.module) },
            { title: 'Pool', sort: (row) => row.pool, cell: (row) => row.pool },
            {
                title: 'State',
                sort: (row) => row.state,
                cell: (row) => [
                    state(
                        row.state,
                        null,
                        row.position ? `waiting, ${format.count(row.position)} before it` : row.state,
                    ),
                    progress(row),
                ],
            },
            {
                title: 'Runs',
                right: true,
                sort: (row) => row.run_ms ?? -1,
                cell: (row) => (row.run_ms === null ? '–' : format.millis(row.run_ms)),
            },
            { title: 'Waited', right: true, sort: (row) => row.wait_ms, cell: (row) => format.millis(row.wait_ms) },
            {
                title: 'From',
                cell: (row) => h('span', { class: 'nowrap' }, source(row)),
            },
            { title: 'Size', right: true, minor: true, sort: (row) => row.size, cell: (row) => format.bytes(row.size) },
            { title: '', cell: (row) => h('div', { class: 'actions' }, endings(app, row)) },
        ],
        order: { title: 'Runs', down: true },
    });
}

function source(row) {
    return row.owner || row.client?.name || row.client?.address || (row.detached ? 'detached' : '–');
}

function progress(row) {
    return (
        row.progress &&
        h('span', { class: 'sub' }, `${Math.round(100 * row.progress.fraction)} % ${row.progress.message || ''}`)
    );
}

/** The buttons that end a job. */
export function endings(app, row) {
    return [
        button(app, 'control', 'Cancel', () => cancel(app, row), 'small'),
        row.state !== 'waiting' &&
            row.state !== 'delayed' &&
            button(app, 'control', 'Kill', () => kill(app, row), 'small danger'),
    ];
}

function path(job) {
    return `/v1/jobs/${encodeURIComponent(job)}`;
}

function cancel(app, row) {
    const text =
        row.state === 'waiting'
            ? 'It ends at once, and never runs.'
            : 'Its stop flag is raised; if it does not end, it is stopped harder.';
    app.confirm(
        { title: `Cancel ${row.job}?`, verb: 'Cancel the job', text: `A job of ${row.module}. ${text}` },
        () => ['DELETE', path(row.job)],
        () => `${row.job} was told to end.`,
    );
}

function kill(app, row) {
    app.confirm(
        {
            title: `Kill ${row.job}?`,
            verb: 'Kill the job',
            danger: true,
            text: `A job of ${row.module}. Its worker is killed at once, and replaced.`,
        },
        () => ['DELETE', `${path(row.job)}?kill`],
        () => `${row.job} was killed.`,
    );
}

/* --- failed lately --- */

function failed(app) {
    const filter = filterOf(app);
    const fits = (event) =>
        (!filter.module || event.module === filter.module) && (!filter.pool || event.pool === filter.pool);
    const list = app.watch.failures.filter(fits).slice(-FAILED_SHOWN).reverse();
    const note = `Seen since this page was opened at ${format.clock(app.watch.since)}. Kept jobs that failed are on the screen Queue.`;
    return panel(
        'Failed lately',
        { key: 'failed', note },
        list.length
            ? table(app, {
                  name: 'failed',
                  label: 'Jobs that failed lately',
                  rows: list,
                  key: (row) => `${row.job} ${row.at_ms}`,
                  columns: [
                      { title: 'At', cell: (row) => format.clock(row.at_ms) },
                      { title: 'Job', cell: (row) => jobLink(row.job) },
                      { title: 'Module', cell: (row) => moduleLink(row.module) },
                      {
                          title: 'Reason',
                          cell: (row) =>
                              state(row.state, null, row.state === 'overload' ? `refused: ${row.reason}` : row.reason),
                      },
                      { title: 'Ran', right: true, cell: (row) => format.micros(row.run_us) },
                      { title: 'Waited', right: true, cell: (row) => format.micros(row.wait_us) },
                      { title: 'Worker', right: true, minor: true, cell: (row) => row.worker ?? '–' },
                  ],
              })
            : empty('None.'),
    );
}

export const jobs = { title: 'Jobs', needs, draw };
