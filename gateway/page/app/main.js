/* main: starts the page: who we are, which screen is in view, and the answers it is drawn from. */

import { act, get, setToken } from './api.js';
import { recolour } from './chart.js';
import { clients } from './clients.js';
import { ask } from './dialog.js';
import { patch } from './dom.js';
import { events } from './events.js';
import { job } from './job.js';
import { jobs } from './jobs.js';
import { module } from './module.js';
import { modules } from './modules.js';
import { overview } from './overview.js';
import { Poller } from './poll.js';
import { pools } from './pools.js';
import { queue } from './queue.js';
import { Series } from './series.js';
import { door, frame } from './frame.js';
import { Theme } from './theme.js';
import { Watch } from './watch.js';
import { workers } from './workers.js';

/* A screen: title, needs(route): paths by name, draw(app, route). */
const SCREENS = { overview, pools, workers, modules, jobs, queue, clients, events };
const DETAILS = { modules: module, jobs: job };
const EVERYWHERE = { stats: '/v1/stats' }; /* for the frame */
const REDRAW_MS = 250;
const MESSAGE_MS = 6000;
const HISTORY_MS = 5000;

const app = {
    session: null /* of /v1/session: name, rights, modules, read_only, queue, ... */,
    locked: false /* a token is asked for */,
    route: { screen: 'overview', id: null },
    ui: { sorting: {}, filter: {}, menu: false, minutes: 15, lanes: 60 },
    messages: [],
    series: new Series(),
    screens: SCREENS,
    redraw,
    say,
    go,
    may,
    mayNot,
    confirm,
    enter,
    leave,
};
app.theme = new Theme(() => {
    recolour();
    redraw();
});
app.poller = new Poller(polled);
app.watch = new Watch(() => redraw());

/** The answer of a need of this screen, or undefined. */
app.answer = (name) => app.poller.answers[name];
app.problem = (name) => app.poller.problems[name];

/* --- drawing --- */

let pending = null;
let last = 0;

/* News come in floods: the page is drawn four times a second at most. */
function redraw(now) {
    if (now === true) {
        clearTimeout(pending);
        pending = null;
        draw();
    } else if (!pending) {
        pending = setTimeout(() => redraw(true), Math.max(0, last + REDRAW_MS - Date.now()));
    }
}

function draw() {
    last = Date.now();
    const screen = screenOf(app.route);
    document.title = `${app.locked ? 'Token' : app.route.id || screen.title} – taskmaster`;
    patch(document.getElementById('app'), app.locked ? door(app) : frame(app, screen));
}

/* --- which screen --- */

function screenOf(route) {
    return (route.id && DETAILS[route.screen]) || SCREENS[route.screen];
}

function readRoute() {
    const [, screen, id] = location.hash.match(/^#\/([a-z]+)(?:\/(.+))?$/) || [];
    app.route = Object.hasOwn(SCREENS, screen)
        ? { screen, id: id ? decoded(id) : null }
        : { screen: 'overview', id: null };
    app.ui.menu = false;
    want();
    redraw(true);
}

/* An address typed by hand may be no such text. */
function decoded(text) {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

/* Like a new document: at its top, and a screen reader hears its heading. */
function arrive() {
    scrollTo(0, 0);
    document.querySelector('h1')?.focus({ preventScroll: true });
}

function want() {
    if (!app.locked) app.poller.want({ ...EVERYWHERE, ...screenOf(app.route).needs?.(app, app.route) });
}
app.want = want;

function go(hash) {
    location.hash = hash;
}

/* --- answers --- */

let boot = null;
let wasAway = false; /* the gateway */

function polled() {
    const stats = app.answer('stats');
    const isAway = app.problem('stats')?.status === 0;
    if (wasAway && !isAway) returned();
    wasAway = isAway;
    if (stats && !app.problem('stats')) {
        if (boot && stats.boot !== boot) restarted();
        boot = stats.boot;
    }
    redraw(true);
}

/* The gateway is back: perhaps another release, with another page, or with other rights for us. */
async function returned() {
    const before = app.session;
    app.session = await get('/v1/session').catch(() => before);
    if (before && app.session.gateway !== before.gateway) say('taskmaster-http was replaced: reload this page.');
}

function restarted() {
    app.watch.restarted();
    say('taskmasterd has started again.');
}

/* --- who we are --- */

async function begin() {
    try {
        app.session = await get('/v1/session');
    } catch (error) {
        if (error.status === 401) return lock();
        setTimeout(begin, 2000);
        app.session = null;
        return redraw(true);
    }
    readHistory();
    app.watch.stop?.();
    app.watch.start();
    want();
}

async function readHistory() {
    if (document.hidden || app.locked) return;
    await app.series.read();
    redraw();
}

function lock() {
    app.locked = true;
    app.watch.stop?.();
    app.poller.want({});
    redraw(true);
    document.querySelector('.door input')?.focus();
}

/** The user gives a token. Resolves to what is wrong with it, or to nothing. */
async function enter(token) {
    setToken(token);
    try {
        await get('/v1/session');
    } catch (error) {
        setToken(null);
        return error.message;
    }
    app.locked = false;
    await begin();
    return null;
}

function leave() {
    setToken(null);
    location.reload();
}

/** Whether the user has a right. */
function may(right) {
    return !mayNot(right);
}

/** Why the user may not do what needs this right; an empty text if nothing is against it. */
function mayNot(right, module) {
    if (!app.session) return 'The gateway does not answer.';
    if (app.session.read_only) return 'This gateway is read-only: allow-writes is off.';
    if (!(app.session.rights || []).includes(right)) return `This needs the right “${right}”.`;
    const limited = module && right === 'submit' && app.session.modules;
    return limited && !limited.includes(module) ? `This token may not submit jobs to ${module}.` : '';
}

/* --- writes --- */

/** Asks once, then sends. `request(values)` returns [method, path, body, query]; `told(answer)` the message afterwards. */
async function confirm(question, request, told) {
    const values = await ask(question);
    if (!values) return;
    try {
        say(told(await act(...request(values))));
    } catch (error) {
        say(error.message, true);
    }
    app.poller.now();
}

function say(text, isBad) {
    const message = { text, isBad, id: Math.random() };
    app.messages = [...app.messages.slice(-3), message];
    setTimeout(() => drop(message), isBad ? 2 * MESSAGE_MS : MESSAGE_MS);
    redraw(true);
}

function drop(message) {
    app.messages = app.messages.filter((one) => one !== message);
    redraw();
}
app.drop = drop;

addEventListener('hashchange', () => {
    readRoute();
    arrive();
});
addEventListener('taskmaster-unauthorized', () => app.locked || lock());
setInterval(readHistory, HISTORY_MS);
setInterval(() => document.hidden || redraw(), 1000); /* ages go on */
readRoute();
begin();
