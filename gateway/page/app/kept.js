/* kept: the outcome of a job of the queue: to look at, to run again, to forget. */

import { send } from './api.js';
import { ask } from './dialog.js';
import { h } from './dom.js';
import { button, facts, panel } from './parts.js';

const SHOWN_MAX = 20000; /* characters of a result */
const results = new Map(); /* by job: {text} or {problem} */

/** Buttons for an ended job of the queue. */
export function keptActions(app, row, kind = 'small') {
    const path = (what) => `/v1/jobs/${encodeURIComponent(row.job)}/${what}`;
    const retry = () =>
        app.confirm(
            {
                title: `Run ${row.job} again?`,
                verb: 'Run again',
                text: `A job of ${row.module}. It keeps its id; its attempts go on counting.`,
            },
            () => ['POST', path('retry')],
            () => `${row.job} runs again.`,
        );
    const forget = () =>
        app.confirm(
            {
                title: `Forget ${row.job}?`,
                verb: 'Forget',
                danger: true,
                text: 'Its outcome and its payload are removed from the store. They cannot be had back.',
            },
            () => ['POST', path('forget')],
            () => `${row.job} is forgotten.`,
        );
    return [
        row.state === 'failed' && button(app, 'control', 'Run again', retry, kind),
        button(app, 'control', 'Forget', forget, `${kind} danger`),
    ];
}

/** The outcome itself. It is asked for by a click alone: the queue keeps an outcome without a key for a minute after it was
 *  told. */
export function keptResult(app, status) {
    if (!status.outcome) return null;
    const known = results.get(status.job);
    const look = () => show(app, status);
    return panel(
        'Outcome',
        { key: 'outcome', actions: !known && button(app, 'control', 'Show', look, 'small') },
        h('div', { class: 'body' }, known ? content(known) : h('p', { class: 'muted' }, warning(status))),
    );
}

function warning(status) {
    return status.key
        ? 'The result, or what went wrong.'
        : 'The result, or what went wrong. This job has no key: once its outcome was told, the queue forgets it after ack-ms, a minute by default.';
}

async function show(app, status) {
    const question = { title: `Show the outcome of ${status.job}?`, text: warning(status), verb: 'Show' };
    if (!status.key && !(await ask(question))) return;
    try {
        const response = await send('GET', `/v1/jobs/${encodeURIComponent(status.job)}`);
        results.set(status.job, { text: await response.text() });
    } catch (error) {
        if (error.body) results.set(status.job, { problem: error });
    }
    app.redraw(true);
}

function content({ text, problem }) {
    if (problem) {
        const { reason, code, signal, step, fingerprint, payload } = problem.body;
        const rows = {
            Reason: reason,
            Code: code,
            Signal: signal,
            'Stopped by': step,
            Fingerprint: fingerprint,
            Reply: payload,
        };
        return facts([['What', problem.message], ...Object.entries(rows).filter(([, value]) => value)]);
    }
    const shown = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}\n…` : text;
    return h('pre', { class: 'result', tabindex: 0, 'aria-label': 'Result' }, shown || '(empty)');
}
