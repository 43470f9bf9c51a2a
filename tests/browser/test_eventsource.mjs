/* A browser's own EventSource as a client of the streams: news of everything, and of one job. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { close, launch, open } from './browser.mjs';
import { World } from './world.mjs';

let world, browser;

before(async () => {
    world = await new World().start();
    browser = await launch();
});

after(async () => {
    await browser?.close();
    await world?.end();
});

/* Keeps the events of these names as window.events, and the source as window.source. */
async function listen(page, path, names) {
    await page.evaluate(
        ([url, types]) => {
            window.events = [];
            window.source = new EventSource(url);
            const keep = (event) => window.events.push({ type: event.type, data: JSON.parse(event.data) });
            types.forEach((type) => window.source.addEventListener(type, keep));
        },
        [path, names],
    );
}

const seen = (page, type) => page.waitForFunction((name) => window.events.find((event) => event.type === name), type);

test('the news of all jobs', async () => {
    const page = await open(browser, world);
    await listen(page, '/v1/watch?what=jobs&module=fib', ['watch', 'job']);
    await seen(page, 'watch');
    await world.run('fib', '10');
    const event = await (await seen(page, 'job')).jsonValue();
    assert.equal(event.data.module, 'fib');
    await page.evaluate(() => window.source.close());
    await close(page);
});

test('the events of one job', async () => {
    const page = await open(browser, world, '', { expected: (text) => text.includes('404') });
    const long = world.begin('sleep', '{"ms":600000}');
    await page.waitForFunction(async () => {
        const jobs = await (await fetch('/v1/jobs?state=running')).json();
        window.job = jobs[0]?.job;
        return window.job;
    });
    const job = await page.evaluate(() => window.job);
    await listen(page, `/v1/jobs/${job}/events`, ['started', 'done', 'failed']);
    await seen(page, 'started');
    await page.evaluate((id) => fetch(`/v1/jobs/${id}?kill`, { method: 'DELETE' }), job);
    const event = await (await seen(page, 'failed')).jsonValue();
    assert.equal(event.data.reason, 'cancelled');
    /* the source connects again, and is told that there is no such job: it gives up */
    await page.waitForFunction(() => window.source.readyState === EventSource.CLOSED);
    await long.end();
    await close(page);
});
