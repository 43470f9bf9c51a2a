/* Each screen: it shows what there is, in light and dark, wide and narrow, without an error, a foreign request, or a fault for
 * axe-core. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { NARROW, WIDE, audit, close, heading, launch, open, overflow } from './browser.mjs';
import { World, until } from './world.mjs';

let world, browser, kept, busy, running;

before(async () => {
    world = await new World({
        master: { pools: { slow: { 'pool-max': 1, 'job-max': 3 } }, modules: { sleep: { pool: 'slow' } } },
    }).start();
    busy = [1, 2, 3].map((n) => world.begin('sleep', `{"ms":600000,"value":${n}}`));
    const list = async (state) => JSON.parse((await world.ask('GET', `/v1/jobs?state=${state}`)).body);
    running = (
        await until(async () => (await list('waiting')).length === 2 && list('running'), 'a job runs, two wait')
    )[0].job;
    await world.run('fib', '20');
    await world.run('crash', 'segv');
    kept = await world.keep('math', '{"op":"div","x":1,"y":0}');
    await world.keep('echo', 'later', '&delay_ms=3600000');
    await until(
        async () => JSON.parse((await world.ask('GET', '/v1/queue/jobs?state=failed')).body).length === 1,
        'a kept job has failed',
    );
    await world.ask('POST', '/v1/pools/default/pause');
    browser = await launch();
});

after(async () => {
    await browser?.close();
    busy?.forEach((job) => job.end());
    await world?.end();
});

/* A screen: its address, its heading, and texts that it has to show. */
const screens = () => [
    [
        '#/overview',
        'Overview',
        [
            'Running 1 job of sleep; 2 jobs wait',
            'Pool default is paused.',
            'Jobs a second',
            'Time waited',
            'Time run',
            'Workers busy',
        ],
    ],
    ['#/pools', 'Pools', ['default', 'paused', 'slow', '2 of 3']],
    ['#/workers', 'Workers', ['What ran when', running]],
    ['#/modules', 'Modules', ['crash', 'fib', 'math', 'Run p99']],
    ['#/modules/crash', 'crash', ['SIGSEGV', 'crash.so', 'Try it', 'How long its jobs run']],
    [
        '#/modules/math',
        'math',
        ['Adds, subtracts, multiplies or divides two numbers.', 'optional', 'Write the payload by hand'],
    ],
    ['#/jobs', 'Jobs', [running, 'waiting, 1 before it', 'Failed lately']],
    [`#/jobs/${running}`, running, ['has run for', 'limits', 'Worker']],
    [`#/jobs/${kept}`, kept, ['failed', 'Run again', 'Forget', 'Show']],
    ['#/queue', 'Queue', ['Kept jobs', 'failed: module', 'due in', 'Store']],
    ['#/clients', 'Clients', ['taskmaster-http/', 'taskqueued/', 'No client has registered one.']],
    ['#/events', 'Events', ['Live.', 'Failures alone']],
];

async function show(page, hash, title, texts) {
    await page.evaluate((to) => (location.hash = to), hash);
    await heading(page, title).waitFor();
    for (const text of texts) await page.getByRole('main').getByText(text).first().waitFor();
}

test('each screen shows what there is, wide and narrow', async () => {
    const page = await open(browser, world);
    for (const [hash, title, texts] of screens()) {
        await page.setViewportSize(WIDE);
        await show(
            page,
            hash,
            title,
            texts.filter((text) => text !== 'optional' && text !== 'limits'),
        );
        for (const width of [2560, WIDE.width, 900, 768, 640, NARROW.width]) {
            await page.setViewportSize({ ...NARROW, width });
            assert.equal(await overflow(page), 0, `${hash} at ${width} pixels`);
        }
    }
    await close(page);
});

for (const colorScheme of ['light', 'dark']) {
    test(`axe-core finds nothing, ${colorScheme}`, async () => {
        const page = await open(browser, world, '', { colorScheme });
        for (const [hash, title] of screens()) {
            await show(page, hash, title, []);
            await page.locator('.panel').first().waitFor();
            assert.deepEqual(await audit(page), [], `${hash}, ${colorScheme}`);
        }
        await close(page);
    });
}

test('a narrow screen has a menu', async () => {
    const page = await open(browser, world, '#/pools', { viewport: NARROW });
    await heading(page, 'Pools').waitFor();
    assert.equal(await page.getByRole('link', { name: 'Queue' }).isVisible(), false);
    await page.getByRole('button', { name: 'Menu' }).click();
    assert.deepEqual(await audit(page), []);
    await page.getByRole('link', { name: 'Queue' }).click();
    await heading(page, 'Queue').waitFor();
    assert.equal(
        await page.getByRole('link', { name: 'Pools', exact: true }).isVisible(),
        false,
        'the menu is folded again',
    );
    await close(page);
});

test('the charts have the figures of the history', async () => {
    const page = await open(browser, world);
    const done = page.locator('.legend .state', { hasText: 'done' }).locator('b');
    await until(async () => /^[0-9.]+$/.test(await done.first().textContent()), 'a figure in the legend');
    await until(async () => (await page.locator('.chart canvas').count()) === 5, 'each chart in view or near is drawn');
    assert.match(
        await page.getByRole('img', { name: /^Jobs waiting/ }).getAttribute('aria-label'),
        /Now: waiting 2, limit/,
    );
    await page.getByRole('button', { name: '5 min', exact: true }).click();
    assert.equal(await page.getByRole('button', { name: '5 min', exact: true }).getAttribute('aria-pressed'), 'true');
    await close(page);
});

test('a build without charts works', async () => {
    const page = await open(browser, world, '', { expected: (text) => text.includes('404') });
    await page.route('**/uPlot*', (route) => route.fulfill({ status: 404 }));
    await page.reload();
    await page.getByText('This build has no charts.').first().waitFor();
    await page.locator('.legend .state', { hasText: 'waiting' }).getByText('2').waitFor();
    await close(page);
});

test('the colours can be chosen, and stay', async () => {
    const page = await open(browser, world);
    await page.getByRole('button', { name: 'Dark' }).click();
    await page.reload();
    await heading(page, 'Overview').waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
    await close(page);
});

/** The page is told of a queue on two nodes; the real one has a store of its own. */
async function share(page, store) {
    await page.route('**/v1/queue/stats', async (route) => {
        const response = await route.fetch();
        const stats = await response.json();
        await route.fulfill({ response, json: { ...stats, store: { engine: 'redis', has_room: true, ...store } } });
    });
    const node = { version: '0.2.0', since: '2026-11-30T08:15:00Z' };
    const nodes = [
        { ...node, node: 'north', epoch: 3, self: true, seen_ms: 120, lease_ms: 9880, held: 4 },
        { ...node, node: 'south', epoch: 4, self: false, seen_ms: 11000, lease_ms: -1000, held: 1 },
    ];
    await page.route('**/v1/queue/nodes', (route) => route.fulfill({ json: { nodes } }));
}

test('a queue on many nodes', async () => {
    const page = await open(browser, world);
    await share(page, { up: true, round_trip_us: 250 });
    await page.evaluate(() => (location.hash = '#/queue'));
    const rows = page.getByRole('table', { name: 'Nodes of the queue' }).locator('tbody tr');
    await rows.nth(1).waitFor();
    const [north, south] = await rows.allInnerTexts();
    assert.match(north, /north\s+this one/);
    assert.match(south, /south\s+over/);
    assert.match(await page.locator('main').innerText(), /Redis\s+250/);
    await close(page);
});

test('a node without its Redis', async () => {
    const page = await open(browser, world);
    await share(page, { up: false, has_room: false, why: 'Connection refused' });
    await page.evaluate(() => (location.hash = '#/queue'));
    const alert = page.getByRole('alert');
    await alert.waitFor();
    assert.match(await alert.innerText(), /cannot reach its Redis\.\s*Connection refused/);
    await close(page);
});
