/* Writes: each asks once, and needs its right. A job is tried by a form. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { audit, close, heading, launch, open } from './browser.mjs';
import { World, until } from './world.mjs';

let world, browser;

before(async () => {
    world = await new World().start();
    await world.run('math', '{"op":"add","x":1,"y":1}'); /* a module describes itself once it is loaded */
    await world.run('sleep', '{"ms":0}');
    await world.run('words', 'one');
    browser = await launch();
});

after(async () => {
    await browser?.close();
    await world?.end();
});

const dialog = (page) => page.getByRole('dialog');
const message = (page, text) => page.locator('.message', { hasText: text });
const list = async (path) => JSON.parse((await world.ask('GET', path)).body);

test('pause and resume of a pool', async () => {
    const page = await open(browser, world, '#/pools');
    await page.getByRole('button', { name: 'Pause' }).click();
    await dialog(page).getByRole('heading', { name: 'Pause pool default?' }).waitFor();
    assert.deepEqual(await audit(page), []);
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached' });
    assert.equal((await list('/v1/pools')).default.paused, false, 'Escape changes nothing');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Pause', 'the focus is back');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter'); /* the focus is on the verb */
    await message(page, 'Pool default is paused.').waitFor();
    assert.equal((await list('/v1/pools')).default.paused, true);
    await page.getByRole('button', { name: 'Resume' }).click();
    await dialog(page).getByRole('button', { name: 'Resume' }).click();
    await message(page, 'Pool default goes on.').waitFor();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await close(page);
});

test('another size, workers replaced, settings read again', async () => {
    const page = await open(browser, world, '#/pools');
    await page.getByRole('button', { name: 'Resize' }).click();
    await page.getByLabel('Workers at most').fill('5');
    await dialog(page).getByRole('button', { name: 'Resize' }).click();
    await message(page, 'Pool default: 1 to 5 workers, 100 waiting jobs at most.').waitFor();
    await page.getByRole('button', { name: 'Recycle' }).click();
    await dialog(page).getByRole('button', { name: 'Recycle' }).click();
    await message(page, 'of pool default will be replaced.').waitFor();
    await page.getByRole('button', { name: 'Reload settings' }).click();
    await dialog(page).getByRole('button', { name: 'Reload' }).click();
    await message(page, 'Reloaded; no setting has changed.').waitFor();
    assert.equal((await list('/v1/pools')).default.pool.max, 2);
    await close(page);
});

test('kill of a worker, cancel and kill of jobs', async () => {
    const page = await open(browser, world, '#/workers');
    const [victim] = await until(async () => (await list('/v1/workers')).length && list('/v1/workers'), 'a worker');
    const row = page.getByRole('row', { name: new RegExp(`pid ${victim.pid}`) });
    await row.getByRole('button', { name: 'Kill' }).click();
    await dialog(page).getByRole('button', { name: 'Kill' }).click();
    await message(page, `Worker ${victim.id} was killed.`).waitFor();
    await row.waitFor({ state: 'detached' });
    for (const verb of ['Cancel', 'Kill']) {
        const job = world.begin('sleep', '{"ms":600000}');
        await page.evaluate(() => (location.hash = '#/jobs'));
        await page.getByRole('table', { name: 'Running and waiting jobs' }).getByRole('button', { name: verb }).click();
        await dialog(page)
            .getByRole('button', { name: `${verb} the job` })
            .click();
        await message(page, verb === 'Kill' ? /^[^ ]+ was killed/ : 'was told to end.').waitFor();
        await page.getByText('No such job runs or waits.').waitFor();
        job.end();
    }
    await close(page);
});

test('a module is tried by a form made from its schema', async () => {
    const page = await open(browser, world, '#/modules/math', { expected: (text) => text.includes('404') });
    await page.getByLabel('op').selectOption('mul');
    await page.getByLabel('x', { exact: true }).fill('6');
    await page.getByLabel('y', { exact: true }).fill('7');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByLabel('Result').getByText('42', { exact: true }).waitFor();
    await page.getByText('done in').waitFor();
    await page.getByLabel('op').selectOption('div');
    await page.getByLabel('y', { exact: true }).fill('0');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText('failed: module').waitFor();
    await page.getByText('div-by-zero').waitFor();
    await page.getByLabel('Write the payload by hand').check();
    await page.getByRole('textbox', { name: /^Payload/ }).fill('no JSON');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText('bad-input').waitFor();
    await close(page);
});

test('parts are shown as they come, and a tried job can be cancelled', async () => {
    const page = await open(browser, world, '#/modules/words');
    await page.getByRole('textbox', { name: /^Payload/ }).fill('one two');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByLabel('Result').getByText('onetwo2').waitFor();
    await page.evaluate(() => (location.hash = '#/modules/sleep'));
    await page.getByLabel(/^ms/).fill('600000');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText('running for').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('failed: cancelled').waitFor();
    await until(async () => (await list('/v1/jobs')).length === 0, 'the job has ended');
    await close(page);
});

test('kept jobs: again, shown, forgotten; a module held back', async () => {
    const id = await world.keep('math', '{"op":"div","x":1,"y":0}');
    await until(async () => (await list('/v1/queue/jobs?state=failed')).length === 1, 'it has failed');
    const page = await open(browser, world, '#/queue', {
        expected: (text) => text.includes('404') || text.includes('422'),
    });
    const row = page.getByRole('row', { name: new RegExp(`^${id} `) });
    await row.getByRole('button', { name: 'Run again' }).click();
    await dialog(page).getByRole('button', { name: 'Run again' }).click();
    await message(page, `${id} runs again.`).waitFor();
    await until(async () => (await list('/v1/queue/jobs?state=failed'))[0]?.attempt === 2, 'it has failed again');
    await page.getByLabel('State').selectOption('failed');
    await row.getByRole('link', { name: id }).click();
    await heading(page, id).waitFor();
    await page.getByRole('button', { name: 'Show' }).click();
    await dialog(page).getByRole('button', { name: 'Show' }).click();
    await page.getByText('div-by-zero').waitFor();
    await page.getByRole('button', { name: 'Forget' }).click();
    await dialog(page).getByRole('button', { name: 'Forget' }).click();
    await page
        .getByText(/has ended|There is no such job/)
        .first()
        .waitFor();
    await page.evaluate(() => (location.hash = '#/queue'));
    await page.getByRole('table', { name: 'Modules of the queue' }).getByRole('button', { name: 'Pause' }).click();
    await dialog(page).getByRole('button', { name: 'Pause' }).click();
    await message(page, 'Paused: module math.').waitFor();
    await page.getByRole('table', { name: 'Modules of the queue' }).getByText('paused').waitFor();
    await close(page);
});

test('the keyboard is enough', async () => {
    const page = await open(browser, world);
    await heading(page, 'Overview').waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
    const ways = ['taskmaster', 'Overview', 'Pools'];
    for (const way of ways) {
        await page.keyboard.press('Tab');
        assert.ok((await page.evaluate(() => document.activeElement.textContent)).startsWith(way), way);
    }
    await page.keyboard.press('Enter');
    await heading(page, 'Pools').waitFor();
    assert.equal(
        await page.evaluate(() => document.activeElement.tagName),
        'H1',
        'a screen reader hears the new heading',
    );
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Reload settings');
    await close(page);
});
