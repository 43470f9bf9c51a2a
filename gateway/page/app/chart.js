/* chart: figures over time, drawn by uPlot. The legend has the newest figures, or those under the pointer. A chart out of view
 * has its legend alone, and is drawn as it comes near. */

import { h, patch } from './dom.js';
import * as format from './format.js';

const wanted = new Map(); /* by name: what is to be drawn */
const drawn = new Map(); /* by name: the Plot in the document */
const NEAR = '50% 0px'; /* of the window's height */

/** One chart. Spec: name, label, t, series [{label, tone, values, shown, fill, dash, step}], show(figure), log, from and to
 *  in seconds, height. `shown`: the figures of the legend where others are drawn. */
export function chart(spec) {
    wanted.set(spec.name, spec);
    drawn.get(spec.name)?.show();
    return h('div', {
        class: 'chart',
        key: spec.name,
        vars: { '--height': `${spec.height || 190}px` },
        mount: (el) => mount(el, spec.name),
    });
}

function mount(el, name) {
    const plot = new Plot(el, name);
    drawn.set(name, plot);
    return () => {
        plot.close();
        drawn.delete(name);
    };
}

/** Other colours are in force. */
export function recolour() {
    for (const plot of drawn.values()) plot.recolour();
}

addEventListener('beforeprint', () => drawn.forEach((plot) => plot.draw()));

const WHOLE = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6,
]; /* of jobs and workers */

function colour(tone, part) {
    const value = getComputedStyle(document.documentElement).getPropertyValue(`--${tone}`).trim();
    return part === undefined
        ? value
        : value +
              Math.round(part * 255)
                  .toString(16)
                  .padStart(2, '0');
}

class Plot {
    constructor(el, name) {
        this.name = name;
        this.legend = document.createElement('div');
        this.legend.className = 'legend';
        this.box = document.createElement('div');
        this.box.className = 'plot';
        this.box.setAttribute('role', 'img');
        el.append(this.legend, this.box);
        this.sizes = new ResizeObserver(() => this.resize());
        this.sizes.observe(this.box);
        this.views = new IntersectionObserver((changes) => this.see(changes.at(-1).isIntersecting), {
            rootMargin: NEAR,
        });
        this.views.observe(el);
        this.show();
    }

    close() {
        this.sizes.disconnect();
        this.views.disconnect();
        this.plot?.destroy();
    }

    see(isInView) {
        this.isInView = isInView;
        if (isInView) this.draw();
    }

    recolour() {
        this.plot?.destroy();
        this.plot = null;
        if (this.isInView) this.draw();
    }

    draw() {
        const spec = wanted.get(this.name);
        if (!this.plot) this.build(spec);
        this.plot?.setData([spec.t, ...spec.series.map((one) => drawable(spec, one.values))]);
    }

    build(spec) {
        if (window.uPlot) this.plot = new window.uPlot(options(spec, this), [[]], this.box);
        else this.box.textContent = 'This build has no charts.';
    }

    size() {
        return { width: this.box.clientWidth || 300, height: this.box.clientHeight || 190 };
    }

    resize() {
        this.plot?.setSize(this.size());
    }

    show() {
        if (this.isInView) this.draw();
        this.box.setAttribute('aria-label', summary(wanted.get(this.name)));
        this.tell();
    }

    tell() {
        const spec = wanted.get(this.name);
        const under = this.plot?.cursor.idx;
        const at = under === null || under === undefined ? spec.t.length - 1 : under;
        const time = at === under && spec.t[at] ? h('span', { key: 'time' }, format.clock(1000 * spec.t[at])) : null;
        patch(this.legend, [
            spec.series.map((one) =>
                h(
                    'span',
                    { class: 'state', key: one.label, vars: { '--tone': `var(--${one.tone})` } },
                    one.label,
                    h('b', null, spec.show((one.shown || one.values)[at])),
                ),
            ),
            time,
        ]);
    }
}

/* A logarithm has no 0: the least time stands for it. */
function drawable(spec, values) {
    return spec.log ? values.map((value) => (value === 0 ? 1 : value)) : values;
}

function summary(spec) {
    const at = spec.t.length - 1;
    return `${spec.label}, over time. Now: ${spec.series.map((one) => `${one.label} ${spec.show((one.shown || one.values)[at])}`).join(', ')}.`;
}

function options(spec, plot) {
    const axis = {
        stroke: colour('muted'),
        font: '11px system-ui, sans-serif',
        grid: { stroke: colour('grid'), width: 1 },
        ticks: { show: false },
    };
    return {
        ...plot.size(),
        legend: { show: false },
        padding: [10, 8, 0, 0],
        cursor: { y: false, drag: { x: false, y: false }, sync: { key: 'time' }, points: { size: 6 } },
        hooks: { setCursor: [() => plot.tell()] },
        scales: {
            x: { range: () => xRange(plot) },
            y: { distr: spec.log ? 3 : 1, range: spec.log ? decades : fromZero },
        },
        axes: [
            {
                ...axis,
                size: 26,
                space: 70,
                grid: { show: false },
                values: (_, splits, at, space, step) => splits.map((t) => clockOf(t, step)),
            },
            {
                ...axis,
                size: 58,
                gap: 4,
                space: 34,
                ...(spec.log ? { splits: tens } : { incrs: spec.whole ? WHOLE : undefined }),
                filter: (_, splits) => splits,
                values: (_, splits) => splits.map(spec.axis || spec.show),
            },
        ],
        series: [{}, ...spec.series.map(lineOf)],
    };
}

/* wanted() is asked each time: the range moves on. */
function xRange(plot) {
    const spec = wanted.get(plot.name);
    return [spec.from, spec.to];
}

function clockOf(t, step) {
    const text = format.clock(1000 * t);
    return step < 60 ? text : text.slice(0, 5);
}

/* Each power of ten, or every second one if they are many. */
function tens(_, axis, low, high) {
    const from = Math.round(Math.log10(low));
    const to = Math.round(Math.log10(high));
    const step = to - from > 5 ? 2 : 1;
    return Array.from({ length: Math.floor((to - from) / step) + 1 }, (__, i) => 10 ** (from + step * i));
}

function fromZero(_, low, high) {
    return [0, high > 0 ? 1.12 * high : 1];
}

function decades(_, low, high) {
    if (!(low > 0) || !(high > 0)) return [100, 100000];
    const from = Math.floor(Math.log10(low));
    return [10 ** from, 10 ** Math.max(from + 1, Math.ceil(Math.log10(high)))];
}

function lineOf(one) {
    return {
        label: one.label,
        stroke: colour(one.tone),
        width: one.dash ? 1 : 1.5,
        dash: one.dash ? [4, 4] : undefined,
        fill: one.fill ? colour(one.tone, one.fill) : undefined,
        paths: one.step && window.uPlot ? window.uPlot.paths.stepped({ align: -1 }) : undefined,
        points: { show: false },
        spanGaps: false,
    };
}
