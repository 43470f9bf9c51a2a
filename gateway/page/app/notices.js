/* notices: what needs the operator, worst first, each with a way to go on. Made from one answer of stats and the last points
 * of the history. */

import * as format from './format.js';

const FULL = 0.9;
const RECENT_POINTS = 12; /* a minute */

/** [{kind: 'bad' or 'warn', text, advice, href}]. */
export function notices(stats, series) {
    return [...breakers(stats), ...poolNotices(stats), ...overloads(series), ...loop(stats), ...memory(stats)].sort(
        (a, b) => a.kind.localeCompare(b.kind),
    );
}

function breakers(stats) {
    return Object.entries(stats.modules)
        .filter(([, module]) => module.breaker.state !== 'closed')
        .map(([name, { breaker }]) => ({
            kind: 'bad',
            text: `The breaker of ${name} is ${breaker.state}.`,
            advice: breaker.retry_ms
                ? `Its jobs are refused; the next try is in ${format.millis(breaker.retry_ms)}.`
                : 'One job is trying it.',
            href: `#/modules/${encodeURIComponent(name)}`,
        }));
}

function poolNotices(stats) {
    return Object.entries(stats.pools).flatMap(([name, one]) =>
        [
            one.paused && {
                kind: 'warn',
                text: `Pool ${name} is paused.`,
                advice: `${format.plural(one.queue.waiting, 'job')} ${one.queue.waiting === 1 ? 'waits' : 'wait'} for its resume.`,
                href: '#/pools',
            },
            isFull(one.queue) && {
                kind: 'bad',
                text: `The line of pool ${name} is ${full(one.queue)}.`,
                advice: `${format.count(one.queue.waiting)} of ${format.count(one.queue.max)} jobs wait, the first for ${format.millis(one.queue.oldest_ms)}.`,
                href: '#/pools',
            },
            one.pool.dead > 0 && {
                kind: 'bad',
                text: `${format.plural(one.pool.dead, 'worker')} of pool ${name} ${one.pool.dead === 1 ? 'does' : 'do'} not answer.`,
                advice: 'A module may block all its signals, or the machine is out of breath.',
                href: '#/workers',
            },
            !one.paused &&
                !stats.draining &&
                (one.queue.waiting > 0 || one.pool.start > 0) &&
                alive(one.pool) === 0 && {
                    kind: 'bad',
                    text: `Pool ${name} has no worker.`,
                    advice: `${format.plural(one.queue.waiting, 'job')} ${one.queue.waiting === 1 ? 'waits' : 'wait'}; the log tells why none starts.`,
                    href: '#/pools',
                },
        ].filter(Boolean),
    );
}

function alive(pool) {
    return pool.busy + pool.idle + pool.starting;
}

function isFull(line) {
    return line.max > 0 && line.waiting >= FULL * line.max;
}

function full(line) {
    return line.waiting >= line.max ? 'full' : `${format.percent(line.waiting, line.max)} full`;
}

function overloads(series) {
    const recent = (series.master.overload || []).slice(-RECENT_POINTS).reduce((sum, n) => sum + (n || 0), 0);
    if (!recent) return [];
    return [
        {
            kind: 'bad',
            text: `${format.plural(recent, 'job')} ${recent === 1 ? 'was' : 'were'} refused in the last minute (overload).`,
            advice: 'More workers, a longer line, or fewer jobs.',
            href: '#/pools',
        },
    ];
}

function loop(stats) {
    const lag = stats.process.loop_lag_us.max;
    return lag < 250000
        ? []
        : [
              {
                  kind: 'warn',
                  text: `The loop of taskmasterd stood for ${format.micros(lag)}.`,
                  advice: 'In the last minute; the machine may be overloaded.',
              },
          ];
}

function memory(stats) {
    return [
        ['payloads', stats.queue],
        ['results that clients do not take', stats.output],
    ]
        .filter(([, one]) => one.bytes_max > 0 && one.bytes >= FULL * one.bytes_max)
        .map(([name, one]) => ({
            kind: 'bad',
            text: `The room for ${name} is nearly used up.`,
            advice: `${format.bytes(one.bytes)} of ${format.bytes(one.bytes_max)}.`,
            href: '#/clients',
        }));
}
