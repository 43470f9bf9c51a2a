/* overview: what the daemon is doing, in one view. */

import { chart } from './chart.js';
import { h } from './dom.js';
import * as format from './format.js';
import { absent, head } from './frame.js';
import { notices } from './notices.js';
import { choice, crew, meter, panel, state, tag, tile, tiles } from './parts.js';
import { added } from './series.js';
import { table } from './table.js';

const RANGES = [
    [5, '5 min'],
    [15, '15 min'],
    [60, '1 hour'],
];

function draw(app) {
    const stats = app.answer('stats');
    const top = head(
        'Overview',
        stats ? sentence(stats) : null,
        choice('Time shown', RANGES, app.ui.minutes, (minutes) => {
            app.ui.minutes = minutes;
            app.redraw(true);
        }),
    );
    if (!stats) return [top, absent(app, 'stats')];
    const window = app.series.window(app.ui.minutes);
    return [
        top,
        h(
            'div',
            { class: 'stack' },
            attention(stats, app.series),
            figures(stats, app.series),
            charts(app, stats, window),
        ),
    ];
}

/** One sentence for the operator who is asked "what is it doing?". */
function sentence(stats) {
    const names = Object.entries(stats.modules)
        .filter(([, module]) => module.running > 0)
        .sort((a, b) => b[1].running - a[1].running)
        .map(([name]) => name);
    const shown = names.length > 3 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
    const runs = stats.jobs.running
        ? `Running ${format.plural(stats.jobs.running, 'job')} of ${format.list(shown)}`
        : 'No job is running';
    const waits = stats.queue.waiting
        ? `; ${format.plural(stats.queue.waiting, 'job')} ${stats.queue.waiting === 1 ? 'waits' : 'wait'}, the first for ${format.millis(stats.queue.oldest_ms)}.`
        : ', and none waits.';
    return runs + waits;
}

function attention(stats, series) {
    const all = notices(stats, series);
    if (!all.length)
        return h(
            'div',
            { class: 'panel all-well', key: 'attention' },
            state('done', 'done', 'Nothing needs attention.'),
        );
    return panel(
        'Needs attention',
        { key: 'attention' },
        h(
            'div',
            { class: 'flush' },
            h(
                'ul',
                { class: 'notices' },
                all.map((one) =>
                    h(
                        'li',
                        { key: one.text },
                        tag(one.kind === 'bad' ? 'critical' : 'warning', one.kind),
                        h(
                            'span',
                            null,
                            h('b', null, one.text),
                            ' ',
                            h('span', { class: 'advice' }, one.advice),
                            ' ',
                            one.href && h('a', { href: one.href }, 'Look'),
                        ),
                    ),
                ),
            ),
        ),
    );
}

function latest(series, name) {
    return (series.master[name] || []).at(-1);
}

function perSecond(series, name) {
    const window = series.window(1);
    return window.rate(series.master, name).at(-1);
}

function figures(stats, series) {
    const failed = perSecond(series, 'failed');
    const refused = perSecond(series, 'overload');
    return tiles(
        tile(
            'Jobs done',
            [format.rate(perSecond(series, 'done')), h('small', null, ' /s')],
            [
                h('span', { class: failed ? 'bad' : null }, `${format.rate(failed)} failed /s`),
                h('br'),
                h('span', { class: refused ? 'bad' : null }, `${format.rate(refused)} refused /s`),
            ],
        ),
        tile(
            'Wait, p95',
            format.micros(latest(series, 'wait_p95_us')),
            `median ${format.micros(latest(series, 'wait_p50_us'))}`,
            h('br'),
            `p99 ${format.micros(latest(series, 'wait_p99_us'))}`,
        ),
        tile(
            'Run, p95',
            format.micros(latest(series, 'run_p95_us')),
            `median ${format.micros(latest(series, 'run_p50_us'))}`,
            h('br'),
            `p99 ${format.micros(latest(series, 'run_p99_us'))}`,
        ),
        tile(
            'Waiting',
            [format.brief(stats.queue.waiting), h('small', null, ` of ${format.brief(stats.queue.max)}`)],
            stats.queue.waiting ? `the first for ${format.millis(stats.queue.oldest_ms)}` : 'the lines are empty',
        ),
        tile('Workers busy', [stats.pool.busy, h('small', null, ` of ${stats.pool.max}`)], crew(stats.pool)),
        tile(
            'Since the start',
            format.brief(stats.jobs.done),
            `${format.count(sum(stats.jobs.failed))} failed, ${format.count(sum(stats.jobs.overload))} refused`,
            h('br'),
            `up ${format.millis(stats.uptime_ms)}`,
        ),
    );
}

function sum(counts) {
    return Object.values(counts).reduce((total, n) => total + n, 0);
}

function charts(app, stats, window) {
    const { t, from, to, of, rate } = window;
    const master = app.series.master;
    const line = (name, label, series, rest) =>
        panel(label, { key: name }, chart({ name, label, t, from, to, series, ...rest }));
    const times = (kind) =>
        ['50', '95', '99'].map((p) => ({
            label: p === '50' ? 'median' : `p${p}`,
            tone: `p${p}`,
            values: of(master, `${kind}_p${p}_us`),
        }));
    return h(
        'div',
        { class: 'split', key: 'charts' },
        line(
            'throughput',
            'Jobs a second',
            [
                { label: 'done', tone: 'done', values: rate(master, 'done'), fill: 0.12 },
                { label: 'failed', tone: 'failed', values: rate(master, 'failed') },
                { label: 'refused', tone: 'overload', values: rate(master, 'overload') },
            ],
            { show: format.rate },
        ),
        line(
            'waiting',
            'Jobs waiting',
            [
                { label: 'waiting', tone: 'waiting', values: of(master, 'waiting'), fill: 0.14 },
                {
                    label: 'limit',
                    tone: 'idle',
                    values: added(Object.values(app.series.pools).map((pool) => of(pool, 'waiting_max'))),
                    dash: true,
                },
            ],
            { show: format.brief, whole: true },
        ),
        line('wait', 'Time waited', times('wait'), { show: format.micros, axis: format.axisMicros, log: true }),
        line('run', 'Time run', times('run'), { show: format.micros, axis: format.axisMicros, log: true }),
        line('crew', 'Workers', crewSeries(of, master), { show: format.count, whole: true }),
        lines(app, stats),
    );
}

/* Areas on top of each other: the highest is drawn first. */
function crewSeries(of, master) {
    const column = (name) => of(master, name);
    const other = added([column('starting'), column('stopping'), column('dead')]);
    return [
        { label: 'busy', tone: 'running', values: column('busy'), fill: 0.3, step: true },
        {
            label: 'idle',
            tone: 'idle',
            values: added([column('busy'), column('idle')]),
            shown: column('idle'),
            fill: 0.16,
            step: true,
        },
        {
            label: 'starting or ending',
            tone: 'starting',
            values: added([column('busy'), column('idle'), other]),
            shown: other,
            step: true,
        },
        { label: 'limit', tone: 'idle', values: column('workers_max'), dash: true, step: true },
    ];
}

function lines(app, stats) {
    const rows = Object.entries(stats.pools).map(([name, one]) => ({ name, ...one }));
    return panel(
        'Pools',
        { key: 'lines', actions: h('a', { href: '#/pools' }, 'All about pools') },
        table(app, {
            name: 'overview-pools',
            label: 'Pools',
            order: { title: 'Pool', down: false },
            rows,
            key: (row) => row.name,
            columns: [
                {
                    title: 'Pool',
                    sort: (row) => row.name,
                    cell: (row) => [row.name, ' ', row.paused && tag('paused', 'warn')],
                },
                { title: 'Line', wide: true, cell: (row) => meter(row.queue.waiting, row.queue.max) },
                {
                    title: 'First waits',
                    right: true,
                    cell: (row) => (row.queue.waiting ? format.millis(row.queue.oldest_ms) : '–'),
                },
                { title: 'Workers', wide: true, cell: (row) => crew(row.pool) },
            ],
        }),
    );
}

export const overview = { title: 'Overview', draw };
