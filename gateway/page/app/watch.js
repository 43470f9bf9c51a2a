/* watch: the news of the daemon, kept while this page is open: the last events, what each worker ran, and the jobs that
 * failed. */

import { follow } from './sse.js';

const EVENTS_MAX = 2000;
const FAILURES_MAX = 500;
const JOBS_MAX = 2000;
const SEGMENTS_MAX = 600; /* of one worker */
const GONE_MS = 60000; /* the lane of an ended worker stays so long */
const LISTED_MS = 10000; /* a worker is in the daemon's list by then, or its end was missed */
const ENDS = new Set(['done', 'failed', 'overload']);

export class Watch {
    constructor(changed) {
        this.changed = changed;
        this.since = Date.now();
        this.isOpen = false;
        this.problem = null;
        this.missed = 0; /* events that the daemon left out */
        this.events = [];
        this.failures = [];
        this.jobs = new Map(); /* id: its events */
        this.lanes = new Map(); /* worker: {worker, pool, segments, run, ended, born} */
        this.listed = null; /* the daemon's last list of workers */
        this.skew = null; /* the daemon's clock less this one; null before the first event */
    }

    start() {
        this.stop = follow(
            '/v1/watch',
            null,
            (name, data) => this.take(JSON.parse(data)),
            (isOpen, problem) => this.turn(isOpen, problem),
        );
    }

    turn(isOpen, problem) {
        this.isOpen = isOpen;
        this.problem = problem || null;
        if (!isOpen) for (const lane of this.lanes.values()) lane.run = null; /* how they ended is not known */
        this.changed();
    }

    take(event) {
        if (!event.at_ms || !event.what) return;
        this.skew = Math.max(event.at_ms - Date.now(), (this.skew ?? -Infinity) - 1); /* the quickest event counts */
        this.missed += event.dropped || 0;
        keep(this.events, event, EVENTS_MAX);
        if (event.what === 'job') this.job(event);
        else if (event.what === 'worker') this.worker(event);
        this.changed();
    }

    job(event) {
        if (event.job) this.remember(event);
        if (event.state === 'failed' || event.state === 'overload') keep(this.failures, event, FAILURES_MAX);
        if (event.worker === undefined) return;
        const lane = this.lane(event);
        if (event.state === 'running') lane.run = { job: event.job, module: event.module, start: event.at_ms };
        else if (event.state === 'stopping' && lane.run?.job === event.job) lane.run.isStopping = true;
        else if (ENDS.has(event.state)) this.end(lane, event);
    }

    end(lane, event) {
        const start = event.run_us === undefined ? (lane.run?.start ?? event.at_ms) : event.at_ms - event.run_us / 1000;
        keep(
            lane.segments,
            { job: event.job, module: event.module, state: event.state, reason: event.reason, start, end: event.at_ms },
            SEGMENTS_MAX,
        );
        if (lane.run?.job === event.job) lane.run = null;
    }

    remember(event) {
        const known = this.jobs.get(event.job) || [];
        known.push(event);
        this.jobs.delete(event.job);
        this.jobs.set(event.job, known);
        if (this.jobs.size > JOBS_MAX) this.jobs.delete(this.jobs.keys().next().value);
    }

    worker(event) {
        const lane = this.lane(event);
        if (event.state === 'idle' || event.state === 'ended') lane.run = null;
        if (event.state === 'ended') {
            lane.ended = event.at_ms;
            lane.reason = event.reason;
        }
    }

    lane(event) {
        let lane = this.lanes.get(event.worker);
        if (!lane) {
            lane = { worker: event.worker, pool: event.pool, segments: [], run: null, ended: null, born: Date.now() };
            this.lanes.set(event.worker, lane);
        }
        return lane;
    }

    /** The daemon's time. */
    now() {
        return Date.now() + (this.skew ?? 0);
    }

    /** The lanes of the workers in the daemon's list, and of those that have just ended. */
    shown(workers, now) {
        if (workers !== this.listed) for (const worker of workers) this.compare(worker, now);
        this.listed = workers;
        const alive = new Map(workers.map((worker) => [worker.id, worker]));
        for (const [id, lane] of this.lanes) {
            const isMissing = !alive.has(id) && lane.born < Date.now() - LISTED_MS;
            if (isMissing && !lane.ended && workers.length) lane.ended = now;
            if (lane.ended && lane.ended < now - GONE_MS) this.lanes.delete(id);
        }
        return [...this.lanes.values()].sort((a, b) => a.pool.localeCompare(b.pool) || a.worker - b.worker);
    }

    /* A list of the daemon tells what the stream has not: a job that began before this page was opened, or an end among
     * events that were left out. */
    compare(worker, now) {
        const lane = this.lane({ worker: worker.id, pool: worker.pool });
        const since = now - worker.since_ms;
        if (lane.run && lane.run.start < since - LISTED_MS) lane.run = null;
        if (!worker.job || lane.run || lane.segments.some((one) => one.job === worker.job)) return;
        lane.run = { job: worker.job, module: worker.module, start: since, isStopping: worker.state === 'stopping' };
    }

    /** The daemon has started again: its worker ids begin anew. */
    restarted() {
        this.lanes.clear();
        this.listed = null;
    }
}

function keep(list, item, max) {
    list.push(item);
    if (list.length > max) list.splice(0, list.length - max);
}
