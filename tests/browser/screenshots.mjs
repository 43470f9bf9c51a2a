/* Screenshots for the documents: real daemons, under a mixed load for some minutes.
 *
 *   node tests/browser/screenshots.mjs doc/screenshots [SECONDS]     after tests/browser/run, which fetches the browser's driver
 */

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { NARROW, close, launch, open } from './browser.mjs';
import { World, until } from './world.mjs';

const [directory, seconds = '240'] = process.argv.slice(2);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const pick = (list) => list[Math.floor(Math.random() * list.length)];

const settings = {
    'pool-start': 2,
    'pool-max': 3,
    pools: { reports: { 'pool-max': 2, 'job-max': 12 }, thumbs: { 'pool-start': 1, 'pool-max': 3, 'job-max': 40 } },
    modules: { sleep: { pool: 'reports' }, wc: { pool: 'thumbs' } },
};

/* What a shop may do: many small jobs, some reports, few faults. `burst` fills the line of the reports. */
async function load(world, until, burst) {
    const run = (module, payload, query) => world.run(module, payload, query).catch(() => {});
    for (let n = 0; Date.now() < until; n++) {
        run('fib', String(pick([18, 20, 22, 24, 26, 28, 30])));
        if (n % 2 === 0) run('wc', 'hello world '.repeat(1 + Math.floor(4000 * Math.random())));
        if (n % (burst() ? 2 : 7) === 0) run('sleep', JSON.stringify({ ms: pick([80, 200, 350, 700]) }));
        if (n % 43 === 0) run('math', '{"op":"div","x":1,"y":0}');
        if (n % 97 === 0) world.keep(pick(['fib', 'wc', 'echo']), '21').catch(() => {});
        await sleep(-45 * Math.log(Math.random()));
    }
}

async function shoot(browser, world, name, hash, options = {}) {
    const page = await open(browser, world, hash, { viewport: { width: 1280, height: 860 }, ...options });
    await page.locator('.panel').first().waitFor();
    if (hash === '#/overview') await page.getByRole('button', { name: '5 min', exact: true }).click();
    await sleep(options.wait || 2500);
    await page.screenshot({ path: path.join(directory, `${name}.png`) });
    await close(page);
}

/* A third of the bytes, where pngquant is at hand. */
function shrink() {
    const files = fs.readdirSync(directory).filter((name) => name.endsWith('.png'));
    spawnSync('pngquant', [
        '--force',
        '--speed',
        '1',
        '--ext',
        '.png',
        ...files.map((name) => path.join(directory, name)),
    ]);
}

/* The lanes show what was seen since the page was opened. */
const LANES_MS = 45000;

const world = await new World({ master: settings }).start();
const browser = await launch();
try {
    await shoot(browser, world, 'empty', '#/overview', { wait: 12000 }); /* two points of the history */
    const end = Date.now() + 1000 * Number(seconds);
    let busy = false;
    const rush = () => busy || Date.now() % 70000 < 9000; /* now and then jobs wait */
    const loaded = load(world, end + 120000, rush).catch(console.error);
    await world.keep('math', '{"op":"div","x":1,"y":0}');
    await world.keep('echo', 'tomorrow', '&delay_ms=86400000&priority=9');
    const lanes = open(browser, world, '#/workers', { viewport: { width: 1280, height: 860 } });
    await sleep(end - Date.now() - LANES_MS);
    for (let n = 0; n < 3; n++) await world.run('crash', 'segv');
    await world.run('sleep', '{"ms":5000}', '&timeout_ms=400');
    await sleep(end - Date.now());
    await (await lanes).screenshot({ path: path.join(directory, 'workers.png') });
    await close(await lanes);
    await shoot(browser, world, 'overview', '#/overview');
    await shoot(browser, world, 'overview-dark', '#/overview', { colorScheme: 'dark' });
    await shoot(browser, world, 'overview-narrow', '#/overview', { viewport: NARROW });
    await shoot(browser, world, 'crash', '#/modules/crash', { colorScheme: 'dark' });
    await shoot(browser, world, 'queue', '#/queue');
    busy = true;
    await until(
        async () => JSON.parse((await world.ask('GET', '/v1/pools')).body).reports.queue.waiting >= 11,
        'a full line',
    );
    await sleep(15000);
    await shoot(browser, world, 'overload', '#/overview');
    await shoot(browser, world, 'jobs', '#/jobs');
    void loaded;
    shrink();
} finally {
    await browser.close();
    await world.end();
}
process.exit(0);
