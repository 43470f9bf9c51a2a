/* workers: a lane each: what ran when; and each worker's figures. */

import { h } from './dom.js';
import * as format from './format.js';
import { absent, head } from './frame.js';
import { lanes } from './lanes.js';
import { button, choice, empty, jobLink, moduleLink, panel, state, tag } from './parts.js';
import { table } from './table.js';

const RANGES = [
    [30, '30 s'],
    [60, '1 min'],
    [300, '5 min'],
];
const LANES_MAX = 64;

function draw(app) {
    const list = app.answer('workers');
    const stats = app.answer('stats');
    const top = head(
        'Workers',
        stats
            ? `${format.plural(stats.pool.busy, 'worker')} of ${stats.pool.max} ${stats.pool.busy === 1 ? 'is' : 'are'} busy. Processes started so far: ${format.count(stats.pool.forks)}.`
            : null,
    );
    if (!list) return [top, absent(app, 'workers')];
    return [top, h('div', { class: 'stack' }, timeline(app, list), figures(app, list))];
}

function timeline(app, list) {
    const now = app.watch.now();
    const all = app.watch.shown(list, now);
    const note = app.watch.isOpen
        ? `Blue runs, green is done, red has failed. ${app.watch.missed ? `${format.count(app.watch.missed)} events were left out of a flood.` : ''}`
        : 'The stream of events is closed; it is opened again.';
    return panel(
        'What ran when',
        {
            key: 'lanes',
            note,
            actions: choice('Time shown', RANGES, app.ui.lanes, (seconds) => {
                app.ui.lanes = seconds;
                app.redraw(true);
            }),
        },
        h(
            'div',
            { class: 'body' },
            all.length
                ? lanes({
                      lanes: all.slice(0, LANES_MAX),
                      seconds: app.ui.lanes,
                      now: () => app.watch.now(),
                      open: (job) => app.go(`#/jobs/${encodeURIComponent(job)}`),
                  })
                : empty('There is no worker.'),
        ),
        all.length > LANES_MAX && empty(`${all.length - LANES_MAX} more workers are in the table alone.`),
    );
}

function figures(app, list) {
    return panel(
        'Workers',
        { key: 'table' },
        list.length
            ? table(app, {
                  name: 'workers',
                  label: 'Workers',
                  rows: list,
                  key: (row) => row.id,
                  order: { title: 'Worker', down: false },
                  columns: [
                      {
                          title: 'Worker',
                          sort: (row) => row.id,
                          cell: (row) => [h('span', null, row.id), h('span', { class: 'sub' }, `pid ${row.pid}`)],
                      },
                      { title: 'Pool', sort: (row) => row.pool, cell: (row) => row.pool },
                      {
                          title: 'State',
                          sort: (row) => row.state,
                          cell: (row) => [state(row.state), ' ', row.ending && tag(`ends: ${row.ending}`, 'warn')],
                      },
                      {
                          title: 'Job',
                          cell: (row) =>
                              row.job ? h('span', null, moduleLink(row.module), ' ', jobLink(row.job)) : '–',
                      },
                      {
                          title: 'For',
                          right: true,
                          sort: (row) => row.since_ms,
                          cell: (row) => format.millis(row.since_ms),
                      },
                      {
                          title: 'Silent',
                          right: true,
                          minor: true,
                          sort: (row) => row.silent_ms,
                          cell: (row) => format.millis(row.silent_ms),
                      },
                      {
                          title: 'Done',
                          right: true,
                          sort: (row) => row.jobs_done,
                          cell: (row) => format.count(row.jobs_done),
                      },
                      {
                          title: 'Failed',
                          right: true,
                          sort: (row) => row.jobs_failed,
                          cell: (row) => format.count(row.jobs_failed),
                      },
                      {
                          title: 'Memory',
                          right: true,
                          sort: (row) => row.rss_kb,
                          cell: (row) => (row.rss_kb ? format.bytes(1024 * row.rss_kb) : '–'),
                      },
                      {
                          title: 'Age',
                          right: true,
                          minor: true,
                          sort: (row) => row.age_ms,
                          cell: (row) => format.millis(row.age_ms),
                      },
                      {
                          title: '',
                          cell: (row) =>
                              h(
                                  'div',
                                  { class: 'actions' },
                                  button(app, 'admin', 'Recycle', () => recycle(app, row), 'small'),
                                  button(app, 'admin', 'Kill', () => kill(app, row), 'small danger'),
                              ),
                      },
                  ],
              })
            : empty('No worker runs. One is started for the next job.'),
    );
}

function recycle(app, row) {
    app.confirm(
        { title: `Recycle worker ${row.id}?`, verb: 'Recycle', text: 'It is replaced after its job. No job is lost.' },
        () => ['POST', `/v1/workers/${row.id}/recycle`],
        () => `Worker ${row.id} will be replaced.`,
    );
}

function kill(app, row) {
    const job = row.job ? `Its job ${row.job} (${row.module}) fails.` : 'It runs no job.';
    app.confirm(
        {
            title: `Kill worker ${row.id}?`,
            verb: 'Kill',
            danger: true,
            text: `Its process group gets SIGKILL at once. ${job} Another worker takes its place.`,
        },
        () => ['DELETE', `/v1/workers/${row.id}`],
        () => `Worker ${row.id} was killed.`,
    );
}

export const workers = { title: 'Workers', needs: () => ({ workers: '/v1/workers' }), draw };
