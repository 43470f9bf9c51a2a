/* pools: each pool's line and workers against their limits, and the operator's requests about them. */

import { chart } from './chart.js';
import { h } from './dom.js';
import * as format from './format.js';
import { absent, head } from './frame.js';
import { button, crew, facts, jobLink, meter, panel, tag } from './parts.js';

const MINUTES = 15;

function draw(app) {
    const stats = app.answer('stats');
    const top = head(
        'Pools',
        'A pool has a line of waiting jobs, and workers of its own.',
        button(app, 'admin', 'Reload settings', () => reload(app)),
        button(app, 'admin', 'Drain …', () => drain(app), 'danger'),
    );
    if (!stats) return [top, absent(app, 'stats')];
    return [
        top,
        h(
            'div',
            { class: 'stack' },
            Object.entries(stats.pools)
                .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
                .map(([name, one]) => card(app, name, one)),
        ),
    ];
}

function card(app, name, one) {
    return h(
        'section',
        { class: 'panel', key: name, 'aria-label': `Pool ${name}` },
        h(
            'header',
            null,
            h(
                'h2',
                null,
                name,
                ' ',
                one.paused && tag('paused', 'warn'),
                one.removed && tag('removed from the settings', 'warn'),
            ),
            actions(app, name, one),
        ),
        h(
            'div',
            { class: 'body split' },
            facts([
                ['Line', meter(one.queue.waiting, one.queue.max)],
                ['First waits', one.queue.waiting ? format.millis(one.queue.oldest_ms) : 'nobody waits'],
                ['Workers', crew(one.pool)],
                ['Kept, at most', `${one.pool.start}, ${one.pool.max}`],
                [
                    'Payloads',
                    one.queue.bytes_max
                        ? meter(one.queue.bytes, one.queue.bytes_max, format.bytes)
                        : format.bytes(one.queue.bytes),
                ],
                ['Wait', times(one.wait_us)],
                ['Run', times(one.run_us)],
                [
                    'Runs longest',
                    one.longest_job ? [jobLink(one.longest_job), `, ${format.millis(one.longest_ms)}`] : 'nothing runs',
                ],
                ['Ended workers', endsText(one.pool.ends)],
            ]),
            plot(app, name),
        ),
    );
}

function times(figures) {
    return figures.counts.some((n) => n)
        ? `median ${format.micros(figures.p50)}, p99 ${format.micros(figures.p99)}, most ${format.micros(figures.max)}`
        : 'no job has ended';
}

function endsText(ends) {
    const some = Object.entries(ends).filter(([, n]) => n > 0);
    return some.length ? some.map(([reason, n]) => `${format.count(n)} ${reason}`).join(', ') : 'none';
}

function plot(app, name) {
    const { t, from, to, of, rate } = app.series.window(MINUTES);
    const pool = app.series.pools[name];
    return h(
        'div',
        { class: 'stack', key: 'plots' },
        chart({
            name: `pool-${name}-line`,
            label: `Waiting jobs of pool ${name}`,
            t,
            from,
            to,
            height: 110,
            show: format.brief,
            whole: true,
            series: [
                { label: 'waiting', tone: 'waiting', values: of(pool, 'waiting'), fill: 0.14 },
                { label: 'busy workers', tone: 'running', values: of(pool, 'busy'), step: true },
            ],
        }),
        chart({
            name: `pool-${name}-rate`,
            label: `Ended jobs of pool ${name} a second`,
            t,
            from,
            to,
            height: 110,
            show: format.rate,
            series: [
                { label: 'ended /s', tone: 'done', values: rate(pool, 'ended'), fill: 0.12 },
                { label: 'refused /s', tone: 'overload', values: rate(pool, 'overload') },
            ],
        }),
    );
}

function actions(app, name, one) {
    return h(
        'div',
        { class: 'actions' },
        one.paused
            ? button(app, 'admin', 'Resume', () => resume(app, name), 'small')
            : button(app, 'admin', 'Pause', () => pause(app, name, one), 'small'),
        button(app, 'admin', 'Resize', () => resize(app, name, one), 'small'),
        button(app, 'admin', 'Recycle', () => recycle(app, name), 'small'),
    );
}

function path(name, what) {
    return `/v1/pools/${encodeURIComponent(name)}${what ? `/${what}` : ''}`;
}

function pause(app, name, one) {
    app.confirm(
        {
            title: `Pause pool ${name}?`,
            verb: 'Pause',
            text: `No job of the pool begins until it is resumed, also over reloads. Running jobs go on; up to ${format.count(one.queue.max)} more may wait.`,
        },
        () => ['POST', path(name, 'pause')],
        () => `Pool ${name} is paused.`,
    );
}

function resume(app, name) {
    app.confirm(
        { title: `Resume pool ${name}?`, verb: 'Resume', text: 'Its waiting jobs begin.' },
        () => ['POST', path(name, 'resume')],
        () => `Pool ${name} goes on.`,
    );
}

function recycle(app, name) {
    app.confirm(
        {
            title: `Recycle the workers of pool ${name}?`,
            verb: 'Recycle',
            text: 'Each is replaced after its job, a quarter at a time. No job is lost. Open breakers of its modules close.',
        },
        () => ['POST', path(name, 'recycle')],
        (answer) => `${format.plural(answer.workers, 'worker')} of pool ${name} will be replaced.`,
    );
}

function resize(app, name, one) {
    const fields = [
        { name: 'pool_start', label: 'Workers kept (pool-start)', value: one.pool.start, min: 0, max: 10000 },
        { name: 'pool_max', label: 'Workers at most (pool-max)', value: one.pool.max, min: 1, max: 10000 },
        { name: 'job_max', label: 'Waiting jobs at most (job-max)', value: one.queue.max, min: 0, max: 10000000 },
    ];
    app.confirm(
        {
            title: `Resize pool ${name}`,
            verb: 'Resize',
            fields,
            text: 'These hold until the next reload puts the settings in force. Write them into the file to keep them.',
        },
        (values) => ['PATCH', path(name), values],
        (answer) =>
            `Pool ${name}: ${answer.pool_start} to ${answer.pool_max} workers, ${format.count(answer.job_max)} waiting jobs at most.`,
    );
}

function reload(app) {
    app.confirm(
        {
            title: 'Reload the settings?',
            verb: 'Reload',
            text: 'taskmasterd reads its file again and replaces all workers after their jobs. No job is lost. What was resized goes back to the file’s figures.',
        },
        () => ['POST', '/v1/reload'],
        (answer) =>
            `Reloaded; ${answer.changed_count ? `changed: ${answer.changed.join(', ')}` : 'no setting has changed'}.${answer.renewed ? '' : ` Workers were not replaced: ${answer.why || 'none became ready'}.`}`,
    );
}

function drain(app) {
    app.confirm(
        {
            title: 'Drain taskmasterd?',
            verb: 'Drain and end',
            danger: true,
            text: [
                'It takes no further jobs, lets running ones finish, and ends.',
                'Only its service manager, or you, can start it again.',
            ],
        },
        () => ['POST', '/v1/drain'],
        () => 'taskmasterd drains.',
    );
}

export const pools = { title: 'Pools', draw };
