/* job: one job: where its time went, and what happened to it. */

import { h } from './dom.js';
import * as format from './format.js';
import { head } from './frame.js';
import { endings } from './jobs.js';
import { empty, facts, moduleLink, panel, state, toneOf } from './parts.js';
import { keptActions } from './kept.js';

function isKept(id) {
    return id.startsWith('q');
}

function draw(app, route) {
    const status = app.answer('job');
    const seen = app.watch.jobs.get(route.id) || [];
    const isGone = app.problem('job')?.status === 404;
    const top = head(
        route.id,
        status && !isGone ? h('span', null, 'A job of ', moduleLink(status.module)) : null,
        h(
            'a',
            { class: 'button', href: isKept(route.id) ? '#/queue' : '#/jobs' },
            isKept(route.id) ? 'The queue' : 'All jobs',
        ),
        status && !isGone && buttons(app, status),
    );
    if (status && !isGone) return [top, h('div', { class: 'stack' }, now(status), seen.length > 0 && steps(seen))];
    if (isGone && (seen.length || status))
        return [top, h('div', { class: 'stack' }, ended(seen, status), seen.length > 0 && steps(seen))];
    const problem = app.problem('job');
    return [
        top,
        h(
            'div',
            { class: 'panel' },
            empty(
                isGone
                    ? `There is no such job now. The daemon forgets a job at its end; this page remembers what it has seen since ${format.clock(app.watch.since)}.`
                    : problem
                      ? problem.message
                      : 'Asking …',
            ),
        ),
    ];
}

function buttons(app, status) {
    if (!isKept(status.job)) return endings(app, status);
    return status.outcome ? keptActions(app, status, '') : endings(app, status);
}

function now(status) {
    const { limits, outcome } = status;
    return panel(
        'Now',
        { key: 'now' },
        h(
            'div',
            { class: 'body stack' },
            track(status),
            facts([
                ['State', state(status.state, null, stateText(status))],
                status.pool && ['Pool', status.pool],
                status.worker && ['Worker', h('a', { href: '#/workers' }, String(status.worker))],
                status.progress && [
                    'Progress',
                    `${Math.round(100 * status.progress.fraction)} % ${status.progress.message || ''}, told ${format.millis(status.progress.age_ms)} ago`,
                ],
                ['Age', format.millis(status.age_ms)],
                status.wait_ms !== undefined && ['Waited', format.millis(status.wait_ms)],
                status.run_ms !== undefined && status.run_ms !== null && ['Runs', format.millis(status.run_ms)],
                status.attempt > 0 && [
                    'Attempts',
                    `${format.count(status.attempt)}; ${format.plural(status.failures, 'failure')} tried again, lost ${format.plural(status.losses, 'time')}`,
                ],
                status.retries > 0 && ['Retries allowed', format.count(status.retries)],
                status.key && ['Key', h('code', null, status.key)],
                status.delay_ms && ['Due in', format.millis(status.delay_ms)],
                status.expires_ms && ['Expires in', format.millis(status.expires_ms)],
                ['Limits', limitsText(limits)],
                ['From', from(status)],
                status.service && ['Its end goes to', `service ${status.service}`],
                status.origin && [
                    'Kept as',
                    h('a', { href: `#/jobs/${encodeURIComponent(status.origin)}` }, status.origin),
                ],
                ['Payload', format.bytes(status.size)],
                outcome && [
                    'Outcome',
                    `${outcome.reason || 'done'}, ${format.millis(outcome.age_ms)} ago; ${format.bytes(outcome.size)}; kept for ${format.millis(outcome.kept_ms)} more`,
                ],
            ]),
        ),
    );
}

function stateText(status) {
    return status.state === 'waiting' && status.position !== null && status.position !== undefined
        ? `waiting, at most ${format.plural(status.position, 'job')} before it`
        : status.state;
}

function limitsText(limits) {
    const known = Object.entries(limits || {}).filter(([, ms]) => ms !== null);
    return known.length
        ? known.map(([name, ms]) => `${name.replace(/_ms$/, '').replaceAll('_', ' ')} ${format.millis(ms)}`).join(', ')
        : 'none';
}

function from(status) {
    const client = status.client;
    if (!client) return status.owner || (status.detached ? 'nobody waits for it (detached)' : '–');
    return `${status.owner ? `${status.owner}, ` : ''}${client.name || 'a client'} at ${client.address}`;
}

/* Waiting and running as parts of one bar. */
function track({ wait_ms: wait, run_ms: run, state: word }) {
    if (wait === undefined) return null;
    return bar([
        ['waiting', wait],
        [word === 'waiting' ? 'idle' : word, run || 0],
    ]);
}

function bar(parts) {
    const total = parts.reduce((sum, [, ms]) => sum + ms, 0);
    const text = parts
        .filter(([, ms]) => ms > 0)
        .map(([word, ms]) => `${word} for ${format.millis(ms)}`)
        .join(', then ');
    return h(
        'div',
        { class: 'timeline' },
        h(
            'div',
            { class: 'track', 'aria-hidden': 'true' },
            parts
                .filter(([, ms]) => ms > 0)
                .map(([word, ms]) =>
                    h('i', {
                        key: word,
                        vars: { '--n': String(Math.max(ms / total, 0.001)), '--tone': `var(--${toneOf(word)})` },
                    }),
                ),
        ),
        h('p', { class: 'muted' }, text || 'It has just come.'),
    );
}

function ended(seen, status) {
    const last = seen.at(-1);
    if (!last) return h('div', { class: 'panel', key: 'ended' }, empty(`The job of ${status.module} has ended.`));
    return panel(
        'Ended',
        { key: 'ended' },
        h(
            'div',
            { class: 'body stack' },
            last.wait_us !== undefined &&
                bar([
                    ['waiting', last.wait_us / 1000],
                    [last.state, (last.run_us || 0) / 1000],
                ]),
            facts([
                ['Outcome', state(last.state, null, last.reason || last.state)],
                ['Module', moduleLink(last.module)],
                ['Pool', last.pool || '–'],
                ['Worker', last.worker ?? '–'],
                ['Waited', format.micros(last.wait_us)],
                ['Ran', format.micros(last.run_us)],
            ]),
        ),
    );
}

function steps(seen) {
    return panel(
        'What happened',
        { key: 'steps' },
        h(
            'div',
            { class: 'body' },
            h(
                'ol',
                { class: 'steps' },
                seen.map((event, i) =>
                    h(
                        'li',
                        { key: i },
                        h('time', null, format.clock(event.at_ms, true)),
                        h(
                            'span',
                            null,
                            state(event.state, null, event.reason ? `${event.state}: ${event.reason}` : event.state),
                            event.worker !== undefined ? ` on worker ${event.worker}` : '',
                        ),
                    ),
                ),
            ),
        ),
    );
}

export const job = {
    title: 'Job',
    needs: (app, route) => ({ job: `/v1/${isKept(route.id) ? 'queue/' : ''}jobs/${encodeURIComponent(route.id)}` }),
    draw,
};
