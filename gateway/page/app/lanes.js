/* lanes: what each worker ran when: a lane for each, its jobs coloured by their outcome. */

import { h } from './dom.js';
import * as format from './format.js';
import { toneOf } from './parts.js';

const ROW = 24,
    BAR = 14,
    AXIS = 22,
    EVERY_MS = 200,
    CALM_MS = 1000;
let wanted = null;

/** Spec: lanes (of watch.js), seconds, now() in the daemon's time, open(job). */
export function lanes(spec) {
    wanted = spec;
    return h('div', { class: 'lanes', key: 'lanes', mount });
}

function mount(el) {
    const view = new Lanes(el);
    return () => view.close();
}

class Lanes {
    constructor(el) {
        this.el = el;
        this.canvas = document.createElement('canvas');
        this.canvas.setAttribute('role', 'img');
        this.canvas.setAttribute('aria-label', 'What the workers ran');
        this.tip = document.createElement('div');
        this.tip.className = 'tip';
        this.tip.hidden = true;
        el.append(this.canvas, this.tip);
        this.canvas.onmousemove = (event) => this.point(event);
        this.canvas.onmouseleave = () => (this.tip.hidden = true);
        this.canvas.onclick = (event) => this.open(event);
        const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
        this.timer = setInterval(() => this.draw(), calm ? CALM_MS : EVERY_MS);
        this.observer = new ResizeObserver(() => this.draw());
        this.observer.observe(el);
        this.draw();
    }

    close() {
        this.observer.disconnect();
        clearInterval(this.timer);
    }

    get gutter() {
        return this.width < 560 ? 54 : 130;
    }

    get labels() {
        return this.width < 560 ? (lane) => `${lane.worker}` : (lane) => `${lane.worker}  ${lane.pool}`;
    }

    draw() {
        this.width = this.el.clientWidth;
        const height = wanted.lanes.length * ROW + AXIS;
        const scale = devicePixelRatio || 1;
        if (!this.width) return;
        if (this.canvas.width !== Math.round(this.width * scale) || this.canvas.height !== Math.round(height * scale))
            this.resize(height, scale);
        this.now = wanted.now();
        this.ctx = this.canvas.getContext('2d');
        this.ctx.setTransform(scale, 0, 0, scale, 0, 0);
        this.ctx.clearRect(0, 0, this.width, height);
        this.style = getComputedStyle(document.documentElement);
        this.ctx.font = '12px system-ui, sans-serif';
        this.axis(height);
        wanted.lanes.forEach((lane, row) => this.lane(lane, row));
        this.canvas.setAttribute(
            'aria-label',
            `What ${format.plural(wanted.lanes.length, 'worker')} ran in the last ${format.millis(1000 * wanted.seconds)}. The table below has their jobs now.`,
        );
    }

    resize(height, scale) {
        this.canvas.width = Math.round(this.width * scale);
        this.canvas.height = Math.round(height * scale);
        this.canvas.style.height = `${height}px`;
    }

    colour(name) {
        return this.style.getPropertyValue(`--${name}`).trim();
    }

    x(ms) {
        const part = 1 - (this.now - ms) / (1000 * wanted.seconds);
        return this.gutter + part * (this.width - this.gutter - 12);
    }

    axis(height) {
        const step = wanted.seconds <= 60 ? 10 : wanted.seconds <= 120 ? 20 : 60;
        this.ctx.textAlign = 'center';
        this.ctx.textBaseline = 'alphabetic';
        for (let ago = 0; ago <= wanted.seconds; ago += step) {
            const x = Math.round(this.x(this.now - 1000 * ago)) + 0.5;
            this.ctx.fillStyle = this.colour('grid');
            this.ctx.fillRect(x, 0, 1, height - AXIS);
            this.ctx.fillStyle = this.colour('muted');
            this.ctx.fillText(ago ? `−${format.millis(1000 * ago)}` : 'now', Math.min(x, this.width - 14), height - 6);
        }
    }

    lane(lane, row) {
        const y = row * ROW;
        this.ctx.fillStyle = this.colour('sunk');
        this.ctx.fillRect(this.gutter, y + (ROW - BAR) / 2, this.width - this.gutter - 12, BAR);
        this.ctx.fillStyle = this.colour(lane.ended ? 'muted' : 'text');
        this.ctx.textAlign = 'left';
        this.ctx.textBaseline = 'middle';
        this.ctx.fillText(this.labels(lane), 4, y + ROW / 2, this.gutter - 8);
        for (const segment of lane.segments) this.bar(y, segment.start, segment.end, toneOf(segment.state));
        if (lane.run)
            this.bar(y, lane.run.start, this.now, lane.run.isStopping ? 'stopping' : 'running', lane.run.module);
        if (lane.ended) this.end(y, lane.ended);
    }

    bar(y, start, end, tone, text) {
        const from = Math.max(this.gutter, this.x(start));
        const to = this.x(end);
        if (to < this.gutter) return;
        this.ctx.fillStyle = this.colour(tone);
        this.ctx.fillRect(from, y + (ROW - BAR) / 2, Math.max(1.5, to - from - 0.5), BAR);
        if (!text || to - from < 60) return;
        this.ctx.fillStyle = this.colour('panel');
        this.ctx.textAlign = 'left';
        this.ctx.fillText(text, from + 6, y + ROW / 2 + 0.5, to - from - 10);
    }

    end(y, at) {
        const x = this.x(at);
        if (x < this.gutter) return;
        this.ctx.fillStyle = this.colour('dead');
        this.ctx.fillRect(x, y + 2, 2, ROW - 4);
    }

    /* The job under the pointer. */
    found(event) {
        const lane = wanted.lanes[Math.floor(event.offsetY / ROW)];
        if (!lane) return null;
        const near = (one) => this.x(one.start) - 3 <= event.offsetX && event.offsetX <= this.x(one.end) + 3;
        const run = lane.run && { ...lane.run, end: this.now, state: lane.run.isStopping ? 'stopping' : 'running' };
        return [...lane.segments, ...(run ? [run] : [])].reverse().find(near) || null;
    }

    point(event) {
        const job = this.found(event);
        this.tip.hidden = !job;
        this.canvas.style.cursor = job ? 'pointer' : '';
        if (!job) return;
        this.tip.textContent = `${job.module} ${job.job}: ${job.reason || job.state}, ${format.millis(job.end - job.start)}`;
        const left = Math.min(event.offsetX + 12, this.width - this.tip.offsetWidth - 4);
        this.tip.style.left = `${Math.max(0, left)}px`;
        this.tip.style.top = `${event.offsetY + 14}px`;
    }

    open(event) {
        const job = this.found(event);
        if (job?.job) wanted.open(job.job);
    }
}
