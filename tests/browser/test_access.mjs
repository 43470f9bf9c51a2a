/* Who may do what: a token is asked for and kept in the tab, rights that lack are named, a gateway may be read-only or without
 * a queue. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { audit, close, heading, launch, open } from './browser.mjs';
import { World } from './world.mjs';

const OBSERVER = 'token-of-the-observer';
const ADMIN = 'token-of-the-administrator';
let browser;

before(async () => {
    browser = await launch();
});

after(() => browser?.close());

async function within(world, run) {
    try {
        await world.start();
        await run(world);
    } finally {
        await world?.end();
    }
}

async function signIn(page, token) {
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
}

test('a token, and its rights', async () => {
    const world = new World();
    world.gateway.settings['access-file'] = world.file('access', `olga ${OBSERVER} observe\nada ${ADMIN} all\n`);
    await within(world, async () => {
        const page = await open(browser, world, '#/workers', { expected: (text) => text.includes('401') });
        await heading(page, 'taskmaster').waitFor();
        assert.deepEqual(await audit(page), []);
        await signIn(page, 'not-a-token-of-theirs');
        await page.getByRole('alert').filter({ hasText: /\S/ }).waitFor();
        const urls = [];
        page.on('request', (request) => urls.push(request.url()));
        await signIn(page, OBSERVER);
        await heading(page, 'Workers').waitFor();
        await page.getByText('olga: observe').waitFor();
        const kill = page.getByRole('button', { name: 'Kill' }).first();
        assert.equal(await kill.getAttribute('aria-disabled'), 'true');
        await kill.click({ force: true });
        await page.getByText('This needs the right “admin”.').first().waitFor();
        assert.equal(await page.getByRole('dialog').count(), 0);
        assert.ok(urls.length && urls.every((url) => !url.includes(OBSERVER)), 'no URL has the token');
        assert.equal(await page.evaluate(() => JSON.stringify({ ...localStorage }) + document.cookie), '{}');
        await page.reload();
        await page.getByText('olga: observe').waitFor();
        await page.getByRole('button', { name: 'Forget the token' }).click();
        await signIn(page, ADMIN);
        await page.getByText('ada: ').waitFor();
        await page.getByRole('button', { name: 'Kill' }).first().click();
        await page.getByRole('dialog').waitFor();
        await close(page);
    });
});

test('a user who may not look', async () => {
    const world = new World();
    world.gateway.settings['access-file'] = world.file('access', 'sam token-of-the-submitter submit\n');
    await within(world, async () => {
        const page = await open(browser, world, '#/overview', { expected: (text) => /40[13]/.test(text) });
        await signIn(page, 'token-of-the-submitter');
        await page.getByRole('alert').getByText('observe').waitFor();
        await page.getByText('sam: submit').waitFor();
        assert.deepEqual(await audit(page), []);
        await close(page);
    });
});

test('a read-only gateway without a queue', async () => {
    await within(new World({ queue: null, gateway: { 'allow-writes': false } }), async (world) => {
        const page = await open(browser, world, '#/pools');
        const drain = page.getByRole('button', { name: 'Drain' });
        assert.equal(await drain.getAttribute('aria-disabled'), 'true');
        await drain.click({ force: true });
        await page.getByText('This gateway is read-only: allow-writes is off.').first().waitFor();
        await page.evaluate(() => (location.hash = '#/queue'));
        await page.getByText('This gateway has no queue: queue-server is not set.').waitFor();
        await close(page);
    });
});
