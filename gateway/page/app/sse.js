/* sse: server-sent events read by fetch(), as EventSource cannot send a token (the HTML standard,
 * section 9.2). */

import { send } from './api.js';

/** Reads one response to its end; `event(name, data)` for each event. */
export async function readEvents(method, path, options, event) {
    const headers = { ...options.headers, Accept: 'text/event-stream' };
    const response = await send(method, path, { ...options, headers });
    options.opened?.(response);
    const parser = new EventParser(event);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        options.alive?.();
        parser.feed(value);
    }
}

export class EventParser {
    constructor(event) {
        this.event = event;
        this.rest = '';
        this.clear();
    }

    clear() {
        this.name = 'message';
        this.data = [];
    }

    feed(text) {
        const lines = (this.rest + text).split(/\r\n|\n/);
        this.rest = lines.pop();
        for (const line of lines) this.line(line);
    }

    line(line) {
        if (line === '') {
            if (this.data.length) this.event(this.name, this.data.join('\n'));
            return this.clear();
        }
        const [, field, value] = line.match(/^([^:]*):? ?(.*)$/s);
        if (field === 'event') this.name = value;
        else if (field === 'data') this.data.push(value);
    }
}

const SILENT_MS = 40000; /* a comment comes every 15 s; without one the connection is dead */

/** A stream that is opened again after its end, with pauses from 0.5 to 5 s. `state(isOpen, problem)` tells each
 *  change. Returns a function that ends it. */
export function follow(path, query, event, state) {
    let control = new AbortController();
    let ended = false;
    let pause = 500;
    let watchdog;

    const alive = () => {
        clearTimeout(watchdog);
        watchdog = setTimeout(() => control.abort(), SILENT_MS);
    };
    const opened = () => {
        pause = 500;
        alive();
        state(true);
    };
    const run = async () => {
        let problem;
        control = new AbortController();
        alive(); /* the answer may be missing altogether */
        try {
            await readEvents('GET', path, { query, signal: control.signal, opened, alive }, event);
        } catch (error) {
            problem = error;
        }
        clearTimeout(watchdog);
        if (ended) return;
        state(false, problem);
        if (problem?.status === 401 || problem?.status === 403) return; /* another try is told the same */
        setTimeout(() => ended || run(), pause);
        pause = Math.min(5000, 2 * pause);
    };
    run();
    return () => {
        ended = true;
        clearTimeout(watchdog);
        control.abort();
    };
}
