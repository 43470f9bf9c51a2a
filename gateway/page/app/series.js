/* series: the figures of the last hour, a point for every five seconds. The gateway keeps them (/v1/history); the page asks
 * for the new ones alone. */

import { get } from './api.js';

const HOUR_MS = 3600000;
const LATE_MS = 15000; /* no point for so long: the charts move on without one */

export class Series {
    constructor() {
        this.at = []; /* ms since 1970 */
        this.master = {};
        this.pools = {};
        this.queue = {};
        this.addedAt = 0; /* by the clock here: when the newest point came */
    }

    get end() {
        return this.at.at(-1) ?? 0;
    }

    /** Asks for the points since the last one. Only one request at a time. */
    async read() {
        if (this.isReading) return;
        this.isReading = true;
        try {
            this.add(await get('/v1/history', this.at.length ? { since: this.end } : null, AbortSignal.timeout(10000)));
        } catch {
            /* The screens tell why there are no answers. */
        }
        this.isReading = false;
    }

    add(history) {
        const before = this.at.length;
        this.at.push(...history.at_ms);
        if (history.at_ms.length) this.addedAt = Date.now();
        const size = history.at_ms.length;
        extend(this.master, history.master, before, size);
        extend(this.queue, history.queue || {}, before, size);
        for (const name of Object.keys({ ...this.pools, ...history.pools })) {
            this.pools[name] = this.pools[name] || {};
            extend(this.pools[name], history.pools[name] || {}, before, size);
        }
        this.trim();
    }

    trim() {
        const from = this.at.findIndex((at) => at >= this.end - HOUR_MS);
        if (from <= 0) return;
        this.at.splice(0, from);
        for (const group of [this.master, this.queue, ...Object.values(this.pools)]) {
            for (const column of Object.values(group)) column.splice(0, from);
        }
    }

    /** A window of the last minutes, for charts: `of(group, name)` is a column, `rate(group, name)` its figures a second. */
    window(minutes) {
        const end = this.end + Math.max(0, Date.now() - this.addedAt - LATE_MS); /* by the gateway's clock */
        const first = this.at.findIndex((at) => at >= end - 60000 * minutes);
        const start = first < 0 ? this.at.length : first;
        const of = (group, name) => (group?.[name] || this.at.map(() => null)).slice(start);
        const seconds = this.at.map((at, i) => (at - (this.at[i - 1] ?? at - 5000)) / 1000).slice(start);
        const rate = (group, name) => of(group, name).map((n, i) => (n === null ? null : n / seconds[i]));
        return {
            t: this.at.slice(start).map((at) => at / 1000),
            from: end / 1000 - 60 * minutes,
            to: end / 1000,
            of,
            rate,
        };
    }
}

/* Adds `size` points to each column. A column without them, or a new one, has gaps. */
function extend(group, added, before, size) {
    for (const name of Object.keys({ ...group, ...added })) {
        group[name] = group[name] || Array(before).fill(null);
        group[name].push(...(added[name] || Array(size).fill(null)));
    }
}

/** Several columns as one: the sum of each point; null where none is known. */
export function added(columns) {
    return (columns[0] || []).map((_, i) => {
        const known = columns.map((column) => column[i]).filter((n) => n !== null && n !== undefined);
        return known.length ? known.reduce((sum, n) => sum + n, 0) : null;
    });
}
