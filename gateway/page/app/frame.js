/* frame: what stands around each screen: the ways to the others, what is wrong with the connection, and messages. */

import { token } from './api.js';
import { h } from './dom.js';
import * as format from './format.js';
import { choice } from './parts.js';

export function frame(app, screen) {
    return [
        h(
            'div',
            { class: 'frame', key: 'frame' },
            side(app),
            h('main', { class: 'main', id: 'content' }, banner(app), screen.draw(app, app.route)),
        ),
        messages(app),
    ];
}

function side(app) {
    return h(
        'header',
        { class: app.ui.menu ? 'side unfolded' : 'side' },
        h('a', { class: 'brand', href: '#/overview' }, h('img', { src: '/app/icon.svg', alt: '' }), 'taskmaster'),
        h(
            'button',
            {
                class: 'menu',
                type: 'button',
                'aria-expanded': String(app.ui.menu),
                'aria-controls': 'ways',
                onclick: () => turnMenu(app),
            },
            'Menu',
        ),
        h(
            'nav',
            { id: 'ways', 'aria-label': 'Screens' },
            Object.entries(app.screens).map(([name, one]) => way(app, name, one)),
        ),
        about(app),
    );
}

function turnMenu(app) {
    app.ui.menu = !app.ui.menu;
    app.redraw(true);
}

function way(app, name, one) {
    const [tally, isAlarm] = tallyOf(app, name);
    return h(
        'a',
        { href: `#/${name}`, key: name, 'aria-current': place(app.route) === name ? 'page' : null },
        one.title,
        tally ? h('span', { class: isAlarm ? 'tally alarm' : 'tally' }, tally) : null,
    );
}

/* A kept job belongs to the queue. */
function place(route) {
    return route.screen === 'jobs' && route.id?.startsWith('q') ? 'queue' : route.screen;
}

/* A figure beside the name of a screen. */
function tallyOf(app, name) {
    const stats = app.answer('stats');
    if (!stats) return [];
    const modules = Object.values(stats.modules);
    if (name === 'workers') return [`${stats.pool.busy}/${stats.pool.max}`];
    if (name === 'jobs')
        return [stats.jobs.running + stats.queue.waiting ? format.brief(stats.jobs.running + stats.queue.waiting) : ''];
    if (name === 'clients') return [format.brief(stats.clients.connected)];
    if (name === 'pools' && Object.values(stats.pools).some((pool) => pool.paused)) return ['paused', true];
    if (name === 'modules' && modules.some((module) => module.breaker.state !== 'closed')) return ['open', true];
    return [];
}

function about(app) {
    const stats = app.answer('stats');
    const session = app.session;
    return h(
        'div',
        { class: 'about' },
        h(
            'div',
            { class: 'row' },
            choice(
                'Colours',
                [
                    ['system', 'Auto'],
                    ['light', 'Light'],
                    ['dark', 'Dark'],
                ],
                app.theme.choice,
                (value) => app.theme.choose(value),
            ),
        ),
        stats && h('span', null, stats.server, h('br'), `up ${format.millis(stats.uptime_ms)}`),
        session && h('span', null, userText(session)),
        token() &&
            h(
                'div',
                { class: 'row' },
                h('button', { type: 'button', class: 'small', onclick: () => app.leave() }, 'Forget the token'),
            ),
    );
}

function userText(session) {
    const user = session.name
        ? `${session.name}: ${session.rights.join(', ') || 'no rights'}`
        : 'no token is asked for';
    return session.read_only ? `${user}; read-only` : user;
}

/* What is wrong between here and the daemons. */
function banner(app) {
    const problem = app.problem('stats');
    const stats = app.answer('stats');
    if (problem) {
        return h(
            'div',
            { class: 'banner bad', role: 'alert', key: 'banner' },
            h('b', null, troubleText(problem)),
            h(
                'span',
                null,
                stats && app.poller.at ? 'The figures below are the last ones that were told. ' : '',
                problem.status === 403 ? '' : 'Trying again.',
            ),
        );
    }
    if (stats?.draining)
        return h(
            'div',
            { class: 'banner', role: 'status', key: 'banner' },
            h('b', null, 'taskmasterd is draining.'),
            'It takes no new jobs, and ends after those that run.',
        );
    return null;
}

function troubleText(problem) {
    if (problem.status === 0) return 'The gateway does not answer.';
    if (problem.status === 403) return problem.message;
    return problem.status === 503 ? 'taskmasterd is away.' : problem.message;
}

function messages(app) {
    return h(
        'div',
        { class: 'messages', role: 'status', 'aria-live': 'polite', key: 'messages' },
        app.messages.map((message) =>
            h(
                'div',
                { class: message.isBad ? 'message bad' : 'message', key: message.id },
                h('span', null, message.text),
                h(
                    'button',
                    { type: 'button', class: 'small plain', onclick: () => app.drop(message), 'aria-label': 'Dismiss' },
                    'OK',
                ),
            ),
        ),
    );
}

/** The heading of a screen. */
export function head(title, text, ...actions) {
    return h(
        'div',
        { class: 'head' },
        h('div', { class: 'what' }, h('h1', { tabindex: -1 }, title), text ? h('p', null, text) : null),
        actions.length ? h('div', { class: 'actions' }, actions) : null,
    );
}

/** While there is no answer yet: why, or that it is on its way. Null once there is one. */
export function absent(app, name) {
    if (app.answer(name)) return null;
    const problem = app.problem(name);
    if (problem && name === 'stats') return null; /* the banner says it */
    return h(
        'div',
        { class: 'panel', key: 'absent' },
        h('p', { class: 'empty' }, problem ? problem.message : 'Asking …'),
    );
}

/** A token is needed: the only screen then. */
export function door(app) {
    const submit = async (event) => {
        event.preventDefault();
        app.ui.wrong = await app.enter(event.target.elements.token.value.trim());
        app.redraw(true);
    };
    return h(
        'main',
        { class: 'door', id: 'content', key: 'door' },
        h(
            'section',
            { class: 'panel' },
            h(
                'form',
                { class: 'body fields', onsubmit: submit },
                h('h1', null, 'taskmaster'),
                h(
                    'p',
                    { class: 'muted' },
                    'This gateway asks for a token. It is kept in this tab until the tab closes.',
                ),
                h(
                    'label',
                    null,
                    'Token',
                    h('input', {
                        type: 'password',
                        name: 'token',
                        autocomplete: 'off',
                        required: true,
                        'aria-describedby': 'wrong',
                    }),
                ),
                h('p', { id: 'wrong', role: 'alert', class: app.ui.wrong ? 'tag bad' : null }, app.ui.wrong || ''),
                h('div', { class: 'actions' }, h('button', { class: 'first', type: 'submit' }, 'Sign in')),
            ),
        ),
    );
}
