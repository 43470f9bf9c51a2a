/* module: one module: its figures, how long its jobs run, where it crashed, its settings, and a form to try it. */

import { h } from './dom.js';
import * as format from './format.js';
import { absent, head } from './frame.js';
import { condition } from './modules.js';
import { empty, facts, jobLink, panel, state, tile, tiles } from './parts.js';
import { trial } from './trial.js';

const BARS_MIN = 9;

function draw(app, route) {
    const list = app.answer('modules');
    const top = (text) => head(route.id, text, h('a', { class: 'button', href: '#/modules' }, 'All modules'));
    if (!list) return [top(null), absent(app, 'modules')];
    const one = list.find((module) => module.name === route.id);
    if (!one) return [top(null), h('div', { class: 'panel' }, empty('There is no module of this name.'))];
    const about = describe(one);
    const figures = app.answer('stats')?.modules[one.name];
    return [
        top(about.help || helpless(one)),
        h(
            'div',
            { class: 'stack' },
            numbers(one, figures),
            h(
                'div',
                { class: 'split' },
                trial(app, one, about),
                h('div', { class: 'stack' }, times(figures), settings(one)),
            ),
            crashes(app, one),
        ),
    ];
}

function helpless(one) {
    return one.version === null
        ? 'No worker has loaded this module yet. Its description, and a form for it, come with its first job.'
        : 'The module does not describe itself.';
}

/* What describe() an empty object if it says nothing, or no JSON. */
function describe(one) {
    try {
        return JSON.parse(one.describe) || {};
    } catch {
        return {};
    }
}

function numbers(one, figures) {
    return tiles(
        tile(
            'State',
            condition(one),
            `pool ${one.pool}`,
            h('br'),
            one.breaker.opened
                ? `its breaker opened ${format.plural(one.breaker.opened, 'time')}`
                : 'its breaker never opened',
        ),
        tile('Running', format.count(one.running), `${format.count(one.waiting)} waiting`),
        tile(
            'Done',
            format.brief(one.done),
            `${format.count(one.failed)} failed (${format.percent(one.failed, one.failed + one.done)})`,
        ),
        tile(
            'Run, median',
            figures ? format.micros(figures.run_us.p50) : '–',
            figures ? `p99 ${format.micros(figures.run_us.p99)}, most ${format.micros(figures.run_us.max)}` : '',
        ),
        tile(
            'Bytes',
            figures ? format.bytes(figures.bytes_in) : '–',
            figures ? `in; ${format.bytes(figures.bytes_out)} out` : '',
        ),
    );
}

/* The first and the last bucket to show: those with jobs, and some around if they are few. */
function bounds(counts) {
    const first = counts.findIndex((n) => n > 0);
    const last = counts.findLastIndex((n) => n > 0);
    const more = Math.max(0, Math.ceil((BARS_MIN - (last - first + 1)) / 2));
    return [Math.max(0, first - more), Math.min(counts.length - 1, last + more)];
}

function times(figures) {
    const counts = figures?.run_us.counts || [];
    if (!counts.some((n) => n > 0))
        return panel('How long its jobs run', { key: 'times' }, empty('No job of it has ended.'));
    const [first, last] = bounds(counts);
    const shown = counts.slice(first, last + 1);
    const most = Math.max(...shown);
    const label = shown.map((n, i) => `up to ${format.micros(2 ** (first + i + 1))}: ${n}`).join(', ');
    return panel(
        'How long its jobs run',
        { key: 'times', note: 'Ended jobs by run time; each bar is twice as long as the one before.' },
        h(
            'div',
            { class: 'body' },
            h(
                'div',
                { class: 'bars', role: 'img', 'aria-label': `Jobs by run time: ${label}` },
                shown.map((n, i) =>
                    h('i', {
                        key: first + i,
                        title: `${format.micros(2 ** (first + i))} to ${format.micros(2 ** (first + i + 1))}: ${format.count(n)}`,
                        vars: { '--part': `${n ? Math.max(3, (100 * n) / most) : 0}%` },
                    }),
                ),
            ),
            h(
                'div',
                { class: 'bars-axis' },
                h('span', null, format.micros(first ? 2 ** first : 0)),
                h('span', null, format.micros(2 ** (last + 1))),
            ),
        ),
    );
}

function settings(one) {
    return panel(
        'Its file and settings',
        { key: 'settings' },
        h(
            'div',
            { class: 'body' },
            facts([
                ['File', one.file ? h('code', null, one.file) : 'none'],
                ['Version', one.version || 'not loaded yet'],
                ['Loaded by', format.plural(one.loaded_by, 'worker')],
                [
                    'Settings',
                    Object.keys(one.config).length
                        ? h('pre', null, JSON.stringify(one.config, null, 2))
                        : 'none of its own',
                ],
            ]),
        ),
    );
}

function crashes(app, one) {
    const list = (app.answer('crashes') || []).filter((crash) => crash.module === one.name);
    if (!list.length) return panel('Crashes', { key: 'crashes' }, empty('None since the start of the daemon.'));
    return panel(
        'Crashes',
        {
            key: 'crashes',
            note: 'By fingerprint: equal ones crashed at the same place. taskmaster crashes tells names and lines.',
        },
        h('div', { class: 'body stack' }, list.map(crash)),
    );
}

function crash(one) {
    return h(
        'article',
        { key: one.fingerprint },
        h(
            'div',
            { class: 'actions' },
            h('h3', null, state('failed', 'failed', one.signal)),
            h('code', null, one.fingerprint),
            h(
                'span',
                { class: 'muted' },
                `${format.plural(one.count, 'time')}, the last ${format.millis(one.last_ms)} ago`,
            ),
            one.last_job && h('span', null, 'job ', jobLink(one.last_job)),
        ),
        post(one.crash),
    );
}

function post(crash) {
    if (!crash) return null;
    return h(
        'details',
        { open: true },
        h('summary', null, crash.code ? `${crash.code} at ${crash.address}` : 'Backtrace'),
        h(
            'ol',
            { class: 'frames' },
            (crash.backtrace || []).map((frame, i) =>
                h(
                    'li',
                    { title: frame.build_id ? `build id ${frame.build_id}` : null },
                    `#${i} ${frame.object?.split('/').pop() || '?'} + ${frame.offset}`,
                    frame.symbol ? ` ${frame.symbol}` : '',
                ),
            ),
        ),
    );
}

export const module = { title: 'Module', needs: () => ({ modules: '/v1/modules', crashes: '/v1/crashes' }), draw };
