/* Much of everything: a screen draws what can be looked at, and the rest on request. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { close, launch, open } from './browser.mjs';
import { World, until } from './world.mjs';

const CLIENTS = 230;
const FEW = 200; /* of clients.js */

let world, browser;

before(async () => {
    world = await new World({ queue: null }).start();
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
