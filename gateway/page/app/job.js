/* job: one job: where its time went, and what happened to it. */

import { h } from './dom.js';
import * as format from './format.js';
import { head } from './frame.js';
import { endings } from './jobs.js';
import { empty, facts, moduleLink, panel, state, toneOf } from './parts.js';
import { keptActions, keptResult } from './kept.js';

function isKept(id) {
    return id.startsWith('q');
}

/* The last event that was seen, if it is the job's end. */
function endSeen(app, id) {
    const last = app.watch.jobs.get(id)?.at(-1);
    return last && ['done', 'failed', 'overload'].includes(last.state) ? last : null;
}

function draw(app, route) {
    const seen = app.watch.jobs.get(route.id) || [];
    const isOver = endSeen(app, route.id) || app.problem('job')?.status === 404;
    const status = isOver ? null : app.answer('job');
    const top = head(
        route.id,
        status ? h('span', null, 'A job of ', moduleLink(status.module)) : null,
        h(
            'a',
            { class: 'button', href: isKept(route.id) ? '#/queue' : '#/jobs' },
            isKept(route.id) ? 'The queue' : 'All jobs',
        ),
        status && buttons(app, status),
    );
    const story = seen.length > 0 && steps(seen);
    if (status) return [top, h('div', { class: 'stack' }, now(status), keptResult(app, status), story)];
    if (isOver && seen.length) return [top, h('div', { class: 'stack' }, ended(seen), story)];
    return [top, h('div', { class: 'panel' }, empty(why(app, isOver)))];
}

function why(app, isOver) {
    if (isOver) {
        return `There is no such job now. The daemon forgets a job at its end; this page remembers what it has seen since ${format.clock(app.watch.since)}.`;
    }
    return app.problem('job')?.message || 'Asking …';
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

/* Waiting and running as parts of one bar: [tone, ms, verb]. */
function track({ wait_ms: wait, run_ms: run, state: word }) {
    if (wait === undefined) return null;
    return bar([
        ['waiting', wait, word === 'waiting' ? 'has waited' : 'waited'],
        [word, run || 0, 'has run'],
    ]);
}

function bar(parts) {
    const total = parts.reduce((sum, [, ms]) => sum + ms, 0);
    const text = parts
        .filter(([, ms]) => ms > 0)
        .map(([, ms, verb]) => `${verb} for ${format.millis(ms)}`)
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

function ended(seen) {
    const last = seen.at(-1);
    return panel(
        'Ended',
        { key: 'ended' },
        h(
            'div',
            { class: 'body stack' },
            last.wait_us !== undefined &&
                bar([
                    ['waiting', last.wait_us / 1000, 'waited'],
                    [last.state, (last.run_us || 0) / 1000, 'ran'],
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

function needs(app, route) {
    if (endSeen(app, route.id)) return {};
    return { job: `/v1/${isKept(route.id) ? 'queue/' : ''}jobs/${encodeURIComponent(route.id)}` };
}

export const job = {
    title: 'Job',
    needs,
    draw,
};
