/* trial: runs one job of a module out of a form, and shows what comes of it as it comes. */

import { h } from './dom.js';
import * as format from './format.js';
import { button, empty, facts, jobLink, panel, state } from './parts.js';
import { fieldsOf, payloadOf } from './schema.js';
import { readEvents } from './sse.js';

const SHOWN_MAX = 20000; /* characters of a result */
const trials = new Map(); /* by module: {texts, raw, run} */

function trialOf(name) {
    if (!trials.has(name)) trials.set(name, { texts: {}, raw: false, timeout: '', run: null });
    return trials.get(name);
}

export function trial(app, one, about) {
    const trial = trialOf(one.name);
    const fields = trial.raw ? fieldsOf(true) : fieldsOf(about.input);
    const submit = (event) => {
        event.preventDefault();
        if (app.mayNot('submit', one.name)) app.say(app.mayNot('submit', one.name), true);
        else start(app, one.name, trial, fields);
    };
    const canBeRaw = fieldsOf(about.input)[0]?.name !== null || !fieldsOf(about.input)[0].raw;
    return panel(
        'Try it',
        { key: 'trial', note: 'Runs a real job, now.' },
        h(
            'form',
            { class: 'body fields', onsubmit: submit },
            fields.map((field) => control(app, trial, field)),
            h(
                'label',
                null,
                'Time limit, in ms',
                h('input', {
                    type: 'number',
                    min: 1,
                    value: trial.timeout,
                    placeholder: 'the module’s own',
                    oninput: (event) => (trial.timeout = event.target.value),
                }),
            ),
            canBeRaw &&
                h(
                    'label',
                    { class: 'check' },
                    h('input', {
                        type: 'checkbox',
                        checked: trial.raw,
                        onchange: (event) => {
                            trial.raw = event.target.checked;
                            app.redraw(true);
                        },
                    }),
                    'Write the payload by hand',
                ),
            h(
                'div',
                { class: 'actions' },
                h(
                    'button',
                    {
                        type: 'submit',
                        class: 'first',
                        'aria-disabled': app.mayNot('submit', one.name) ? 'true' : null,
                        title: app.mayNot('submit', one.name) || null,
                        disabled: isRunning(trial),
                    },
                    'Run',
                ),
                isRunning(trial) && h('button', { type: 'button', onclick: () => trial.run.control.abort() }, 'Cancel'),
            ),
            outcome(trial.run),
        ),
    );
}

function isRunning(trial) {
    return trial.run?.state === 'waiting' || trial.run?.state === 'running';
}

function control(app, trial, field) {
    const key = field.name ?? '';
    const set = (value) => {
        trial.texts[key] = value;
    };
    const oninput = (event) => set(event.target.value);
    const label = [field.label, field.isRequired ? '' : h('span', { class: 'hint' }, ' optional')];
    const hint = field.hint && h('span', { class: 'hint' }, String(field.hint));
    const props = { key: `field ${key}`, class: null };
    if (field.kind === 'flag')
        return h(
            'label',
            { ...props, class: 'check' },
            h('input', {
                type: 'checkbox',
                checked: trial.texts[key] === true,
                onchange: (event) => set(event.target.checked),
            }),
            field.label,
            hint,
        );
    return h('label', props, h('span', null, ...label), input(field, trial.texts[key], oninput), hint);
}

function input(field, text, oninput) {
    if (field.kind === 'choice')
        return h(
            'select',
            { value: text ?? String(field.options[0]), onchange: oninput },
            field.options.map((option) => h('option', { value: String(option) }, String(option))),
        );
    if (field.kind === 'whole' || field.kind === 'number')
        return h('input', {
            type: 'number',
            step: field.kind === 'whole' ? 1 : 'any',
            min: field.min,
            max: field.max,
            value: text ?? '',
            required: field.isRequired,
            oninput,
        });
    if (field.kind === 'json' || field.long)
        return h('textarea', {
            rows: field.long ? 4 : 2,
            spellcheck: 'false',
            value: text ?? '',
            placeholder: field.kind === 'json' ? 'JSON' : '',
            oninput,
        });
    return h('input', { type: 'text', value: text ?? '', required: field.isRequired, oninput });
}

/* --- the job --- */

async function start(app, module, trial, fields) {
    const run = { state: 'waiting', text: '', more: 0, control: new AbortController(), begun: Date.now() };
    trial.run = run;
    try {
        const query = { module, timeout_ms: trial.timeout };
        const options = {
            query,
            body: payloadOf(fields, trial.texts),
            signal: run.control.signal,
            headers: { 'Content-Type': 'application/octet-stream' },
        };
        app.redraw(true);
        await readEvents('POST', '/v1/jobs', options, (name, data) => take(app, run, name, JSON.parse(data)));
        if (run.state === 'waiting' || run.state === 'running')
            fail(run, { detail: 'The connection was lost before the end of the job.' });
    } catch (error) {
        fail(
            run,
            error.name === 'AbortError'
                ? { code: 'cancelled', detail: 'You have cancelled it.' }
                : { ...error.body, detail: error.message },
        );
    }
    app.redraw(true);
}

function fail(run, problem) {
    run.state = 'failed';
    run.problem = problem;
}

function take(app, run, name, event) {
    run.job = event.job || run.job;
    if (name === 'started') run.state = 'running';
    else if (name === 'progress') run.progress = event;
    else if (name === 'part') extend(run, textOf(event));
    else if (name === 'done') {
        extend(run, textOf(event));
        Object.assign(run, { state: 'done', event });
    } else if (name === 'failed' || name === 'overload' || name === 'error')
        fail(run, { ...event, detail: event.detail || event.message });
    app.redraw();
}

/* The beginning of the result is kept, and the length of the rest: a job may reply for hours. */
function extend(run, text) {
    const room = SHOWN_MAX - run.text.length;
    run.text += text.slice(0, room);
    run.more += Math.max(0, text.length - room);
}

/* The bytes of an event as text; others than text are shown as base64. */
function textOf(event) {
    return event.payload_base64 !== undefined
        ? `\n(no text; as base64)\n${event.payload_base64}\n`
        : (event.payload ?? '');
}

function outcome(run) {
    if (!run) return null;
    return h(
        'div',
        { class: 'stack', role: 'status', key: 'outcome' },
        h('div', { class: 'actions' }, state(run.state, null, heading(run)), run.job && jobLink(run.job)),
        progress(run),
        body(run),
    );
}

function heading(run) {
    if (run.state === 'done')
        return `done in ${format.micros(run.event.run_us)}, after waiting for ${format.micros(run.event.wait_us)}`;
    if (run.state === 'failed') return `failed: ${run.problem.reason || run.problem.code || 'error'}`;
    return `${run.state} for ${format.millis(Date.now() - run.begun)}`;
}

function progress(run) {
    if (!run.progress || run.state === 'done' || run.state === 'failed') return null;
    return h('p', null, `${Math.round(100 * run.progress.fraction)} % `, run.progress.message || '');
}

function body(run) {
    if (run.state === 'failed') {
        const { detail, code, signal, step, fingerprint } = run.problem;
        return facts([
            ['What', detail || '–'],
            code && ['Code', code],
            signal && ['Signal', signal],
            step && ['Stopped by', step],
            fingerprint && ['Fingerprint', h('code', null, fingerprint)],
        ]);
    }
    if (run.state === 'done' && run.text === '') return empty('The result is empty.');
    return run.text
        ? h(
              'pre',
              { class: 'result', tabindex: 0, 'aria-label': 'Result' },
              run.more ? `${run.text}\n… ${format.plural(run.more, 'more character')}` : run.text,
          )
        : null;
}
