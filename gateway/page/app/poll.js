/* poll: the answers that the screen in view needs, asked for every two seconds.
 *
 * A hidden tab asks nothing. While the gateway or a daemon is away, the last answers stay in view,
 * and their age is told. */

import { getPage } from './api.js';

const EVERY_MS = 2000;
const DEADLINE_MS = 10000;

function bare(path) {
    return path?.split('?')[0];
}

export class Poller {
    /** `changed()` is called after each round. */
    constructor(changed) {
        this.changed = changed;
        this.needs = {};
        this.answers = {}; /* by name of a need */
        this.hasMore = {}; /* by name: the answer is the beginning of a list */
        this.problems = {}; /* by name: the last round's */
        this.paths = {}; /* by name: whose answer or problem is kept */
        this.gone = new Set(); /* paths that are told 404 or 403: they are not asked for again on this screen */
        this.at = 0;
        this.round = 0;
        document.addEventListener('visibilitychange', () => document.hidden || this.now());
    }

    /** Another screen: `needs` are paths by name. Answers to the same paths are kept; with another query they are in view
     *  until the new ones come. */
    want(needs) {
        for (const name of Object.keys(this.paths)) {
            if (bare(needs[name]) !== bare(this.paths[name])) this.forget(name);
        }
        this.needs = needs;
        this.gone.clear();
        this.now();
    }

    forget(name) {
        delete this.answers[name];
        delete this.problems[name];
        delete this.paths[name];
    }

    now() {
        clearTimeout(this.timer);
        this.ask(++this.round);
    }

    async ask(round) {
        if (document.hidden) return;
        const signal = AbortSignal.timeout(DEADLINE_MS);
        await Promise.all(Object.entries(this.needs).map(([name, path]) => this.one(round, name, path, signal)));
        if (round !== this.round) return;
        this.at = Date.now();
        this.changed();
        this.timer = setTimeout(() => this.ask(++this.round), EVERY_MS);
    }

    async one(round, name, path, signal) {
        if (this.gone.has(path)) return;
        try {
            const { body, hasMore } = await getPage(path, signal);
            if (round !== this.round) return;
            this.answers[name] = body;
            this.hasMore[name] = hasMore;
            this.paths[name] = path;
            delete this.problems[name];
        } catch (error) {
            if (round !== this.round) return;
            this.problems[name] = error;
            this.paths[name] = path;
            if (error.status === 404 || error.status === 403) this.gone.add(path);
        }
    }
}
