/* browser: Debian's Chromium, driven by playwright-core, and what each page is watched for: errors in the console, requests to
 * other hosts, and faults that axe-core finds. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const NPM = path.resolve('build/npm');
const require = createRequire(import.meta.url);
const { chromium } = require(path.join(NPM, 'playwright-core'));
const axe = fs.readFileSync(path.join(NPM, 'axe-core/axe.min.js'), 'utf8');

const FLAGS = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
];
export const WIDE = { width: 1280, height: 900 };
export const NARROW = { width: 360, height: 740 };

export function launch() {
    return chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: FLAGS });
}

/** A page of the world, watched. `faults` are its errors and foreign requests; an error of the network that the test has
 *  caused is told by `expected(text)`. */
export async function open(browser, world, hash = '', { expected = () => false, ...options } = {}) {
    const context = await browser.newContext({
        viewport: WIDE,
        colorScheme: 'light',
        reducedMotion: 'reduce',
        ...options,
    });
    context.setDefaultTimeout(30000);
    /* axe is a script of the test; the page's own policy stays in force for the page. */
    await context.addInitScript(axe);
    const page = await context.newPage();
    page.faults = [];
    page.on(
        'console',
        (message) => message.type() === 'error' && !expected(message.text()) && page.faults.push(message.text()),
    );
    page.on('pageerror', (error) => page.faults.push(String(error.stack)));
    page.on(
        'request',
        (request) => request.url().startsWith(world.url) || page.faults.push(`a foreign request: ${request.url()}`),
    );
    await page.goto(`${world.url}/${hash}`);
    return page;
}

/** Ends the page; nothing may have gone wrong in it. */
export async function close(page) {
    assert.deepEqual(page.faults, []);
    await page.context().close();
}

/** What axe-core finds, one line each. */
export async function audit(page) {
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    return found.violations.map(
        (one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`,
    );
}

/** Pixels by which the document is wider than the window. */
export function overflow(page) {
    return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

export function heading(page, name) {
    return page.getByRole('heading', { level: 1, name, exact: true });
}
