/* What happens is seen as it happens: a crash, an overload, a restart of the daemon, a flood of events held still. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { NARROW, close, heading, launch, open, overflow } from './browser.mjs';
import { World, until } from './world.mjs';

let world, browser;

before(async () => {
    world = await new World({ master: { 'pool-max': 1, 'job-max': 1 } }).start();
    browser = await launch();
});

after(async () => {
    await browser?.close();
    await world?.end();
});

/* The stream of events is open: what follows is seen. */
async function watching(page, hash) {
    await page.evaluate(() => (location.hash = '#/events'));
    await page.getByText('Live.').waitFor();
    await page.evaluate((to) => (location.hash = to), hash);
}

test('a crash', async () => {
    const page = await open(browser, world);
    await watching(page, '#/jobs');
    await page.getByText('None.').waitFor();
    const problem = JSON.parse((await world.run('crash', 'segv')).body);
    const row = page.getByRole('table', { name: 'Jobs that failed lately' }).getByRole('row').nth(1);
    await row.getByText('crash').waitFor();
    await row.getByRole('link', { name: problem.job }).click();
    await heading(page, problem.job).waitFor();
    await page.getByText('failed: error').waitFor();
    await page.evaluate(() => (location.hash = '#/modules/crash'));
    await page.getByText('SIGSEGV').waitFor();
    await page.getByText(problem.fingerprint).waitFor();
    await page.getByText('#0 crash.so').waitFor();
    await close(page);
});

test('an overload', async () => {
    const page = await open(browser, world);
    await watching(page, '#/overview');
    await page.getByText('No job is running').waitFor();
    const jobs = [1, 2].map(() => world.begin('sleep', '{"ms":600000}'));
    await page.getByText('The line of pool default is full.').waitFor();
    assert.equal((await world.run('echo', 'x')).status, 503);
    await page.getByText('1 job was refused in the last minute (overload).').waitFor();
    await page.evaluate(() => (location.hash = '#/jobs'));
    await page.getByText('refused: queue-full').waitFor();
    jobs.forEach((job) => job.end());
    await page.getByText('No such job runs or waits.').waitFor();
    await close(page);
});

test('a restart of the daemon', async () => {
    const page = await open(browser, world, '#/workers', { expected: (text) => text.includes('503') });
    await page.getByText('Blue runs').waitFor();
    await world.master.end();
    await page.getByRole('alert').getByText('taskmasterd is away.').waitFor();
    await page.getByText('The figures below are the last ones').waitFor();
    await page.getByText('The stream of events is closed').waitFor();
    await world.master.start();
    await page.getByText('taskmasterd has started again.').waitFor();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page.getByText('Blue runs').waitFor();
    await page.evaluate(() => (location.hash = '#/events'));
    await page.getByText('Live.').waitFor();
    await world.run('fib', '10');
    await page.getByRole('cell', { name: /^fib/ }).first().waitFor();
    await close(page);
});

test('a restart of the gateway', async () => {
    const page = await open(browser, world, '#/pools', {
        expected: (text) => /ERR_(CONNECTION|INCOMPLETE|EMPTY_RESPONSE)|Failed to fetch/.test(text),
    });
    await page.getByText('taskmasterd/').waitFor();
    world.gateway.settings.listen = world.gateway.address;
    await world.gateway.end();
    await page.getByRole('alert').getByText('The gateway does not answer.').waitFor();
    await world.gateway.start();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await watching(page, '#/pools');
    await close(page);
});

test('events can be held, and found', async () => {
    const page = await open(browser, world);
    await watching(page, '#/events');
    await world.run('fib', '10');
    const fib = page.getByRole('cell', { name: /^fib/ });
    const echo = page.getByRole('cell', { name: /^echo/ });
    await fib.first().waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Held: new events wait.').waitFor();
    await world.run('echo', 'x');
    await page.evaluate(() => (location.hash = '#/jobs')); /* a screen that shows the next state of the daemon */
    await page.getByText('No such job runs or waits.').waitFor();
    await page.evaluate(() => (location.hash = '#/events'));
    await fib.first().waitFor();
    assert.equal(await echo.count(), 0);
    await page.getByRole('button', { name: 'Go on' }).click();
    await echo.first().waitFor();
    await page.getByLabel('With the text').fill('echo');
    await until(async () => (await fib.count()) === 0, 'fib is filtered');
    await page.getByLabel('With the text').fill('');
    await page.getByLabel('Failures alone').check();
    await page.getByText('Nothing has happened').waitFor();
    await close(page);
});

test('text of others is text', async () => {
    const page = await open(browser, world, '', { viewport: NARROW });
    await watching(page, '#/jobs');
    const evil = '<img src=x onerror=alert(1)>';
    await page.evaluate((text) => (location.hash = `#/modules/${encodeURIComponent(text)}`), evil);
    await heading(page, evil).waitFor();
    await page.getByText('There is no module of this name.').waitFor();
    const client = await world.greet(`${evil}\u202e`);
    await page.evaluate(() => (location.hash = '#/clients'));
    await page.getByText(evil).first().waitFor();
    client.destroy();
    assert.equal(await page.locator('img[src=x]').count(), 0);
    await page.evaluate(() => (location.hash = '#/modules/' + 'long'.repeat(16)));
    await heading(page, 'long'.repeat(16)).waitFor();
    assert.equal(await overflow(page), 0);
    await close(page);
});

test('a result of HTML is text', async () => {
    const page = await open(browser, world, '#/modules/echo');
    await page.getByLabel('Payload', { exact: true }).or(page.locator('textarea')).first().fill('<h1 id="evil">x</h1>');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('pre.result').getByText('<h1 id="evil">x</h1>').waitFor();
    assert.equal(await page.locator('#evil').count(), 0);
    await close(page);
});

test('an address that is none leads to a screen', async () => {
    for (const hash of ['#/modules/%E0%A4%A', '#/constructor', '#/jobs/%', '#nothing']) {
        const page = await open(browser, world, hash, { expected: (text) => text.includes('404') });
        await page.getByText('taskmasterd/').waitFor();
        await page.getByRole('heading', { level: 1 }).waitFor();
        await close(page);
    }
});

test('a job that began before the page was opened has its lane', async () => {
    const job = world.begin('sleep', '{"ms":600000}');
    const list = async () => JSON.parse((await world.ask('GET', '/v1/jobs?state=running')).body);
    await until(async () => (await list()).length === 1, 'the job runs');
    const page = await open(browser, world, '#/workers');
    const [{ job: id }] = await list();
    const canvas = page.locator('.lanes canvas');
    await until(async () => {
        const { width } = await canvas.boundingBox();
        await canvas.hover({ position: { x: width - 14, y: 12 } });
        return (await page.locator('.tip').textContent()).includes(id);
    }, 'the job is under the pointer');
    job.end();
    await close(page);
});
