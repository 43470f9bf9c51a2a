/* The page's parts without a document: figures as text, forms out of schemas, series, events, notices. No browser. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as format from '../../gateway/page/app/format.js';
import { notices } from '../../gateway/page/app/notices.js';
import { fieldsOf, payloadOf } from '../../gateway/page/app/schema.js';
import { Series, added } from '../../gateway/page/app/series.js';
import { EventParser } from '../../gateway/page/app/sse.js';
import { Watch } from '../../gateway/page/app/watch.js';

test('figures', () => {
    const cases = [
        [
            format.micros,
            [
                [0, '0 µs'],
                [7, '7 µs'],
                [999, '999 µs'],
                [999.7, '1 ms'],
                [1234, '1.23 ms'],
                [45600, '45.6 ms'],
                [999600, '1 s'],
                [61e6, '61 s'],
            ],
        ],
        [
            format.millis,
            [
                [0, '0 ms'],
                [999.6, '1 s'],
                [1500, '1.5 s'],
                [99940, '99.9 s'],
                [125000, '2 min 05 s'],
                [3600000, '1 h 00 min'],
                [90000000, '1 d 1 h'],
            ],
        ],
        [
            format.bytes,
            [
                [0, '0 B'],
                [1023, '1023 B'],
                [1024, '1 KiB'],
                [1536, '1.5 KiB'],
                [1048576, '1 MiB'],
                [5e12, '4.55 TiB'],
            ],
        ],
        [
            format.count,
            [
                [0, '0'],
                [1234567, '1,234,567'],
            ],
        ],
        [
            format.brief,
            [
                [9999, '9,999'],
                [12345, '12.3 k'],
                [1234567, '1.23 M'],
                [999999, '1 M'],
            ],
        ],
        [
            format.rate,
            [
                [0, '0'],
                [0.001, '<0.01'],
                [0.2, '0.2'],
                [31.24, '31.2'],
                [4321.5, '4322'],
                [65432, '65.4 k'],
            ],
        ],
        [
            format.axisMicros,
            [
                [1, '1 µs'],
                [1e5, '100 ms'],
                [1e8, '100 s'],
            ],
        ],
    ];
    for (const [show, pairs] of cases) {
        for (const [value, text] of pairs) assert.equal(show(value), text, `${show.name} of ${value}`);
        if (show !== format.axisMicros) for (const none of [null, undefined, NaN]) assert.equal(show(none), '–');
    }
    assert.equal(format.plural(1, 'job'), '1 job');
    assert.equal(format.plural(2, 'process', 'processes'), '2 processes');
    assert.equal(format.list(['a', 'b', 'c']), 'a, b and c');
    assert.equal(format.percent(1, 0), '–');
});

test('a form out of a schema', () => {
    const math = {
        type: 'object',
        properties: {
            op: { enum: ['add', 'sub'] },
            x: { type: 'number' },
            n: { type: 'integer', minimum: 0, maximum: 9 },
            on: { type: 'boolean' },
            any: true,
            s: { type: 'string' },
        },
        required: ['op', 'x'],
    };
    const fields = fieldsOf(math);
    assert.deepEqual(
        fields.map((field) => field.kind),
        ['choice', 'number', 'whole', 'flag', 'json', 'text'],
    );
    assert.deepEqual(
        fields.map((field) => field.isRequired),
        [true, true, false, false, false, false],
    );
    assert.equal(fields[2].hint, '0 to 9');
    assert.equal(payloadOf(fields, { x: '1.5' }), '{"op":"add","x":1.5}');
    assert.equal(
        payloadOf(fields, { op: 'sub', x: '-2', on: true, any: '[1]', s: '"' }),
        '{"op":"sub","x":-2,"on":true,"any":[1],"s":"\\""}',
    );
    assert.throws(() => payloadOf(fields, {}), /x is missing/);
    assert.throws(() => payloadOf(fields, { x: '1', any: '{' }), /any is no JSON/);
    for (const free of [true, undefined, {}, { type: 'string' }])
        assert.equal(payloadOf(fieldsOf(free), { '': 'as it is' }), 'as it is');
    assert.equal(payloadOf(fieldsOf({ type: 'integer' }), { '': '30' }), '30');
    assert.equal(payloadOf(fieldsOf(true), {}), '');
});

function history(at_ms, done, pools = {}) {
    return { at_ms, master: { done }, pools, queue: null };
}

test('the series grow, keep an hour, and have gaps', () => {
    const series = new Series();
    series.add(history([5000, 10000], [null, 10], { a: { waiting: [1, 2] } }));
    series.add(history([15000], [20], { b: { waiting: [7] } }));
    assert.deepEqual(series.master.done, [null, 10, 20]);
    assert.deepEqual(series.pools, { a: { waiting: [1, 2, null] }, b: { waiting: [null, null, 7] } });
    assert.deepEqual(added([series.pools.a.waiting, series.pools.b.waiting]), [1, 2, 7]);
    series.add(history([3600000 + 10000], [30]));
    assert.deepEqual(series.at, [10000, 15000, 3610000]);
    assert.deepEqual(series.master.done, [10, 20, 30]);
    assert.equal(series.end, 3610000);
});

test('figures a second, by the time between two points', () => {
    const series = new Series();
    const now = 1700000000000; /* the gateway's clock: not the one here */
    series.add(history([now - 15000, now - 10000, now], [5, 10, 10]));
    const { rate, t } = series.window(1);
    assert.equal(t.length, 3);
    assert.deepEqual(rate(series.master, 'done'), [1, 2, 1]);
    assert.deepEqual(rate(undefined, 'done'), [null, null, null]);
});

test('events come in any pieces', () => {
    const text = 'event: job\r\ndata: {"a":1}\n\n: a comment\n\nid: 7\ndata:two\ndata: lines\n\nevent: cut\ndata: off';
    for (const size of [1, 2, 3, 7, 1000]) {
        const seen = [];
        const parser = new EventParser((...event) => seen.push(event));
        for (let at = 0; at < text.length; at += size) parser.feed(text.slice(at, at + size));
        assert.deepEqual(
            seen,
            [
                ['job', '{"a":1}'],
                ['message', 'two\nlines'],
            ],
            `pieces of ${size}`,
        );
    }
});

const quiet = () => ({
    modules: { fib: { breaker: { state: 'closed' } } },
    pools: {
        a: {
            paused: false,
            queue: { waiting: 0, max: 10, oldest_ms: 0 },
            pool: { busy: 0, idle: 1, starting: 0, dead: 0 },
        },
    },
    process: { loop_lag_us: { max: 100 } },
    queue: { bytes: 0, bytes_max: 100 },
    output: { bytes: 0, bytes_max: 100 },
});

test('what needs attention', () => {
    const none = new Series();
    const texts = (stats, series = none) => notices(stats, series).map((one) => one.text);
    assert.deepEqual(texts(quiet()), []);
    const bad = quiet();
    bad.modules.fib.breaker = { state: 'open', retry_ms: 500 };
    bad.pools.a = {
        paused: true,
        queue: { waiting: 9, max: 10, oldest_ms: 1000 },
        pool: { busy: 0, idle: 0, starting: 0, dead: 1 },
    };
    bad.process.loop_lag_us.max = 300000;
    bad.output.bytes = 95;
    assert.deepEqual(
        texts(bad).sort(),
        [
            'Pool a is paused.',
            'The breaker of fib is open.',
            'The line of pool a is 90 % full.',
            'The loop of taskmasterd stood for 300 ms.',
            'The room for results that clients do not take is nearly used up.',
            '1 worker of pool a does not answer.',
        ].sort(),
    );
    bad.pools.a.paused = false;
    assert.ok(texts(bad).includes('Pool a has no worker.'));
    const idle = quiet();
    idle.pools.a = { queue: { waiting: 0, max: 10 }, pool: { start: 2, busy: 0, idle: 0, starting: 0, dead: 0 } };
    assert.deepEqual(texts(idle), ['Pool a has no worker.'], 'although no job waits');
    idle.pools.a.pool.starting = 1;
    assert.deepEqual(texts(idle), []);
    const refused = new Series();
    refused.add({ at_ms: [1], master: { overload: [3] }, pools: {}, queue: null });
    assert.deepEqual(texts(quiet(), refused), ['3 jobs were refused in the last minute (overload).']);
});

test('lanes: what each worker ran', () => {
    const watch = new Watch(() => {});
    const job = (state, more) =>
        watch.take({ what: 'job', at_ms: 1000, job: 'j1', module: 'fib', pool: 'a', worker: 3, state, ...more });
    job('running');
    assert.equal(watch.lanes.get(3).run.job, 'j1');
    job('done', { at_ms: 3000, run_us: 1500000 });
    assert.deepEqual(watch.lanes.get(3).segments, [
        { job: 'j1', module: 'fib', state: 'done', reason: undefined, start: 1500, end: 3000 },
    ]);
    assert.equal(watch.lanes.get(3).run, null);
    job('failed', { job: 'j2', reason: 'timeout' });
    assert.deepEqual(
        watch.failures.map((event) => event.job),
        ['j2'],
    );
    watch.take({ what: 'worker', at_ms: 5000, worker: 3, pool: 'a', state: 'ended', reason: 'signal', dropped: 4 });
    assert.equal(watch.missed, 4);
    assert.equal(watch.shown([], 6000).length, 1, 'an ended worker stays in view for a while');
    assert.equal(watch.shown([], 66000).length, 0);
    job('running', { job: 'j3', at_ms: 70000, worker: 4 });
    watch.shown([{ id: 3, pool: 'a' }], 70100);
    assert.equal(watch.lanes.get(4).ended, null, 'a new worker may be missing in an older list');
    watch.take({ what: 'watch', state: 'begun' });
    assert.equal(watch.events.length, 5, 'the beginning is no event of the daemon');
});

test('lanes: what the list of workers tells', () => {
    const watch = new Watch(() => {});
    const told = (at, end) => watch.take({ what: 'job', at_ms: at, module: 'fib', pool: 'a', worker: 3, ...end });
    const listed = (worker, now) => watch.shown([{ id: 3, pool: 'a', state: 'busy', ...worker }], now);
    listed({ job: 'j1', module: 'fib', since_ms: 600000 }, 1000000);
    assert.equal(watch.lanes.get(3).run.start, 400000, 'it began before the page was opened');
    told(1001000, { job: 'j1', state: 'done', run_us: 601000000 });
    listed({ job: 'j1', module: 'fib', since_ms: 600900 }, 1000900);
    assert.equal(watch.lanes.get(3).run, null, 'an older list does not bring back what has ended');
    told(1002000, { job: 'j2', state: 'running' });
    listed({ job: null, state: 'idle', since_ms: 500 }, 1002100);
    assert.equal(watch.lanes.get(3).run.job, 'j2');
    listed({ job: null, state: 'idle', since_ms: 500 }, 1090000);
    assert.equal(watch.lanes.get(3).run, null, 'its end was among the events left out');
});
