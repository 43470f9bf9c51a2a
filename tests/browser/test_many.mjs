/* Much of everything: a screen draws what can be looked at, and the rest on request or as it comes into view. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { close, heading, launch, open } from './browser.mjs';
import { World, until } from './world.mjs';

const POOLS = 30;
const CLIENTS = 230;
const FEW = 200; /* of clients.js */

let world, browser;

before(async () => {
    const names = Array.from({ length: POOLS }, (_, n) => `p${n}`);
    const pools = Object.fromEntries(names.map((name) => [name, { 'pool-start': 0 }]));
    world = await new World({ master: { pools }, queue: null }).start();
    browser = await launch();
});

after(async () => {
    await browser?.close();
    await world?.end();
});

test('a part of many clients, and the rest on request', async () => {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, (_, n) => world.greet(`c${n}`)));
    const page = await open(browser, world, '#/clients');
    const lines = page.getByRole('table', { name: 'Connections' }).locator('tbody tr');
    await page.getByText(`The first ${FEW} are shown.`).waitFor();
    assert.equal(await lines.count(), FEW);
    await page.getByRole('button', { name: 'Show more' }).click();
    await until(async () => (await lines.count()) > CLIENTS, 'all of them, and the gateway');
    assert.equal(await page.getByText('are shown.').count(), 0);
    clients.forEach((client) => client.destroy());
    await close(page);
});

test('the charts in view alone are drawn', async () => {
    const page = await open(browser, world, '#/pools');
    await heading(page, 'Pools').waitFor();
    const canvases = page.locator('.chart canvas');
    const last = page.getByRole('img', { name: new RegExp(`^Ended jobs of pool p${POOLS - 1} `) });
    await until(async () => (await canvases.count()) > 0, 'the first charts');
    assert.match(await last.getAttribute('aria-label'), /Now: ended/, 'told, although not drawn');
    assert.equal(await last.locator('canvas').count(), 0);
    assert.ok((await canvases.count()) < POOLS, 'half of them at most');
    await last.scrollIntoViewIfNeeded();
    await last.locator('canvas').waitFor();
    await page.getByRole('button', { name: 'Dark' }).click();
    await last.locator('canvas').waitFor();
    await close(page);
});

test('on paper all charts are drawn', async () => {
    const page = await open(browser, world, '#/pools');
    await page.locator('.chart canvas').first().waitFor();
    await page.pdf();
    assert.equal(await page.locator('.chart canvas').count(), 2 * (POOLS + 1));
    await close(page);
});
