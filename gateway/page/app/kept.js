/* kept: what may be done with the outcome of a job of the queue. */

import { button } from './parts.js';

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
