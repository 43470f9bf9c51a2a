/* queue: the jobs that taskqueued keeps: how many, which modules are held or paused, and each of them. */

import { chart } from './chart.js';
import { h } from './dom.js';
import * as format from './format.js';
import { absent, head } from './frame.js';
import { endings } from './jobs.js';
import { keptActions } from './kept.js';
import {
    button,
    empty,
    filterSelect,
    filterText,
    jobLink,
    meter,
    moduleLink,
    more,
    panel,
    state,
    tag,
    tile,
    tiles,
} from './parts.js';
import { table } from './table.js';

const STATES = ['', 'waiting', 'delayed', 'handed', 'running', 'stopping', 'done', 'failed'].map((word) => [
    word,
    word || 'any',
]);
const REASONS = ['', 'module', 'error', 'timeout', 'expired', 'cancelled', 'poison', 'too-large', 'unavailable'].map(
    (word) => [word, word || 'any'],
);
const LIMITS = [100, 1000];

function filterOf(app) {
    app.ui.filter.queue = app.ui.filter.queue || { module: '', state: '', reason: '', limit: LIMITS[0] };
    return app.ui.filter.queue;
}

function needs(app) {
    if (app.session && app.session.queue === false) return {};
    const set = Object.entries(filterOf(app)).filter(([, value]) => value !== '');
    return {
        queueStats: '/v1/queue/stats',
        queueJobs: `/v1/queue/jobs?${new URLSearchParams(set)}`,
        queueNodes: '/v1/queue/nodes',
    };
}

/* Other nodes work on the same jobs. */
function isShared(stats) {
    return stats?.store.engine === 'redis';
}

function draw(app) {
    const stats = app.answer('queueStats');
    if (app.session?.queue === false || app.problem('queueStats')?.status === 501) return [head('Queue'), none()];
    const top = head('Queue', stats ? sentence(stats) : null, stats && pauses(app, stats, ''));
    if (!stats) return [top, absent(app, 'queueStats')];
    return [
        top,
        h(
            'div',
            { class: 'stack' },
            trouble(app, stats),
            figures(stats),
            plots(app),
            nodes(app, stats),
            modules(app, stats),
            jobsPanel(app, stats),
        ),
    ];
}

function none() {
    return h(
        'div',
        { class: 'panel', key: 'none' },
        empty(
            'This gateway has no queue: queue-server is not set. With taskqueued, jobs are kept on disk until they are done.',
        ),
    );
}

function sentence(stats) {
    const { jobs } = stats;
    const unfinished = jobs.waiting + jobs.delayed + jobs.handed + jobs.running;
    return `${format.plural(unfinished, 'job')} ${unfinished === 1 ? 'is' : 'are'} kept and not done; ${format.plural(jobs.ended, 'outcome')} can be asked for.`;
}

function trouble(app, stats) {
    const problem = app.problem('queueStats');
    if (problem)
        return h(
            'div',
            { class: 'banner bad', role: 'alert', key: 'trouble' },
            h('b', null, 'taskqueued is away.'),
            'The figures below are its last ones.',
        );
    if (!stats.master.connected)
        return h(
            'div',
            { class: 'banner bad', role: 'alert', key: 'trouble' },
            h('b', null, 'The queue has lost its master.'),
            `${stats.master.why || ''} Jobs are kept until it is back.`,
        );
    if (isShared(stats) && !stats.store.up)
        return h(
            'div',
            { class: 'banner bad', role: 'alert', key: 'trouble' },
            h('b', null, 'This node of the queue cannot reach its Redis.'),
            `${stats.store.why || ''} Submits are refused until it is back.`,
        );
    if (!stats.store.has_room)
        return h(
            'div',
            { class: 'banner bad', role: 'alert', key: 'trouble' },
            h('b', null, 'The store has no room.'),
            'Submits are refused until jobs end or are forgotten.',
        );
    return null;
}

function figures({ jobs, store }) {
    return tiles(
        tile('Waiting', format.brief(jobs.waiting), `${format.count(jobs.delayed)} delayed`),
        tile('At the master', format.brief(jobs.running), `running; ${format.count(jobs.handed)} not begun`),
        tile(
            'Done',
            format.brief(jobs.done),
            `${format.count(jobs.submitted)} submitted, ${format.count(jobs.joined)} joined`,
        ),
        tile(
            'Failed',
            format.brief(jobs.failed),
            `${format.count(jobs.poisoned)} poisoned, ${format.count(jobs.cancelled)} cancelled, ${format.count(jobs.retried)} tried again`,
        ),
        store.engine === 'redis'
            ? tile('Redis', store.up ? format.micros(store.round_trip_us) : 'away', 'from a call to its answer')
            : tile('Store', format.bytes(store.bytes), meter(store.bytes, store.bytes_max, format.bytes)),
    );
}

function nodes(app, stats) {
    const rows = isShared(stats) && app.answer('queueNodes')?.nodes;
    if (!rows) return null;
    return panel(
        'Nodes',
        { key: 'nodes' },
        table(app, {
            name: 'queue-nodes',
            label: 'Nodes of the queue',
            rows,
            key: (row) => row.epoch,
            order: { title: 'Node', down: false },
            columns: [
                {
                    title: 'Node',
                    sort: (row) => row.node,
                    cell: (row) => [row.node, row.self && h('span', { class: 'sub' }, 'this one')],
                },
                {
                    title: 'Lease',
                    right: true,
                    sort: (row) => row.lease_ms,
                    cell: (row) => (row.lease_ms > 0 ? format.millis(row.lease_ms) : tag('over', 'bad')),
                },
                { title: 'Seen', right: true, sort: (row) => row.seen_ms, cell: (row) => format.millis(row.seen_ms) },
                { title: 'Jobs', right: true, sort: (row) => row.held, cell: (row) => format.count(row.held) },
                { title: 'Since', minor: true, sort: (row) => row.since, cell: (row) => row.since },
                { title: 'Release', minor: true, sort: (row) => row.version, cell: (row) => row.version },
            ],
        }),
    );
}

function plots(app) {
    const { t, from, to, of, rate } = app.series.window(app.ui.minutes);
    const queue = app.series.queue;
    const line = (name, tone, fill) => ({ label: name, tone, values: of(queue, name), fill });
    return h(
        'div',
        { class: 'split', key: 'plots' },
        panel(
            'Kept jobs',
            { key: 'kept' },
            chart({
                name: 'queue-kept',
                label: 'Kept jobs',
                t,
                from,
                to,
                show: format.brief,
                whole: true,
                series: [
                    line('waiting', 'waiting', 0.14),
                    line('delayed', 'starting'),
                    line('handed', 'overload'),
                    line('running', 'running'),
                ],
            }),
        ),
        panel(
            'Ends a second',
            { key: 'ends' },
            chart({
                name: 'queue-ends',
                label: 'Ended jobs of the queue a second',
                t,
                from,
                to,
                show: format.rate,
                series: [
                    { label: 'done', tone: 'done', values: rate(queue, 'done'), fill: 0.12 },
                    { label: 'failed', tone: 'failed', values: rate(queue, 'failed') },
                    { label: 'tried again', tone: 'overload', values: rate(queue, 'retried') },
                ],
            }),
        ),
    );
}

function modules(app, stats) {
    const rows = Object.entries(stats.modules).map(([name, one]) => ({ name, ...one }));
    if (!rows.length) return null;
    const number = (title, key) => ({
        title,
        right: true,
        sort: (row) => row[key] || 0,
        cell: (row) => format.count(row[key]),
    });
    return panel(
        'Modules',
        { key: 'modules' },
        table(app, {
            name: 'queue-modules',
            label: 'Modules of the queue',
            rows,
            key: (row) => row.name,
            order: { title: 'Module', down: false },
            columns: [
                { title: 'Module', sort: (row) => row.name, cell: (row) => moduleLink(row.name) },
                {
                    title: 'Handed on',
                    cell: (row) =>
                        row.paused
                            ? tag('paused', 'warn')
                            : row.held_ms
                              ? [tag('held', 'bad'), ` ${row.held_reason}, for ${format.millis(row.held_ms)}`]
                              : state('ready', 'done', 'yes'),
                },
                number('Waiting', 'waiting'),
                number('Delayed', 'delayed'),
                number('Running', 'running'),
                number('Done', 'done'),
                number('Failed', 'failed'),
                number('Retried', 'retried'),
                { title: '', cell: (row) => h('div', { class: 'actions' }, pauses(app, row, 'small', row.name)) },
            ],
        }),
    );
}

function pauses(app, one, kind, module) {
    const of = module ? `module ${module}` : 'everything';
    const query = module ? { module } : null;
    const pause = () =>
        app.confirm(
            {
                title: `Pause ${of}?`,
                verb: 'Pause',
                text: 'Nothing of it is handed on to the master until it is resumed, also over restarts. Jobs at the master run to their end.',
            },
            () => ['POST', '/v1/queue/pause', null, query],
            () => `Paused: ${of}.`,
        );
    const resume = () =>
        app.confirm(
            { title: `Resume ${of}?`, verb: 'Resume', text: 'Its jobs are handed on again.' },
            () => ['POST', '/v1/queue/resume', null, query],
            () => `Resumed: ${of}.`,
        );
    if (module)
        return one.paused ? button(app, 'admin', 'Resume', resume, kind) : button(app, 'admin', 'Pause', pause, kind);
    return [button(app, 'admin', 'Pause all', pause, kind), button(app, 'admin', 'Resume all', resume, kind)];
}

function jobsPanel(app, stats) {
    const list = app.answer('queueJobs');
    return panel(
        'Jobs',
        { key: 'jobs' },
        filters(app, stats),
        !list ? absent(app, 'queueJobs') : list.length ? rowsOf(app, list) : empty('The queue keeps no such job.'),
        more(app, 'queueJobs', {
            filter: filterOf(app),
            limits: LIMITS,
            which: 'oldest',
            rest: 'A filter finds the others.',
        }),
    );
}

function filters(app, stats) {
    const filter = filterOf(app);
    const set = (name) => (value) => {
        filter[name] = value;
        app.want();
        app.redraw(true);
    };
    return h(
        'div',
        { class: 'filters', role: 'search', 'aria-label': 'Jobs of the queue' },
        filterSelect('State', filter.state, STATES, set('state')),
        filterSelect('Reason of a failure', filter.reason, REASONS, set('reason')),
        filterText('Module', filter.module, set('module')),
    );
}

function rowsOf(app, list) {
    return table(app, {
        name: 'queue-jobs',
        label: 'Jobs of the queue',
        rows: list,
        key: (row) => row.job,
        columns: [
            {
                title: 'Job',
                cell: (row) =>
                    h('span', null, jobLink(row.job), row.key && h('span', { class: 'sub' }, `key ${row.key}`)),
            },
            { title: 'Module', sort: (row) => row.module, cell: (row) => moduleLink(row.module) },
            {
                title: 'State',
                sort: (row) => row.state,
                cell: (row) =>
                    state(
                        row.state,
                        null,
                        row.outcome?.reason
                            ? `failed: ${row.outcome.reason}`
                            : row.delay_ms
                              ? `due in ${format.millis(row.delay_ms)}`
                              : row.state,
                    ),
            },
            { title: 'Attempt', right: true, sort: (row) => row.attempt, cell: (row) => format.count(row.attempt) },
            { title: 'Priority', right: true, minor: true, sort: (row) => row.priority, cell: (row) => row.priority },
            { title: 'Age', right: true, sort: (row) => row.age_ms, cell: (row) => format.millis(row.age_ms) },
            { title: 'Owner', sort: (row) => row.owner, cell: (row) => row.owner || '–' },
            {
                title: 'Kept for',
                right: true,
                sort: (row) => row.outcome?.kept_ms ?? -1,
                cell: (row) => (row.outcome ? format.millis(row.outcome.kept_ms) : '–'),
            },
            {
                title: '',
                cell: (row) => h('div', { class: 'actions' }, row.outcome ? keptActions(app, row) : endings(app, row)),
            },
        ],
    });
}

export const queue = { title: 'Queue', needs, draw };
