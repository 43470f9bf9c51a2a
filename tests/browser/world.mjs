/* world: real daemons for the browser: a master, a queue, a gateway, each on a port or a socket of its own. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

export const BUILD = path.resolve(process.env.BUILD || 'build');
const DEADLINE_MS = 30000;

/** Waits until `condition()` is truthy, and returns its value. */
export async function until(condition, what) {
    const end = Date.now() + DEADLINE_MS;
    for (;;) {
        const value = await condition();
        if (value) return value;
        if (Date.now() > end) throw new Error(`in vain: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

class Daemon {
    constructor(directory, program, settings) {
        this.program = program;
        this.settings = settings;
        this.log = path.join(directory, `${program}.log`);
        this.config = path.join(directory, `${program}.conf`);
    }

    async start() {
        fs.writeFileSync(this.config, JSON.stringify(this.settings));
        const log = fs.openSync(this.log, 'w');
        this.process = spawn(path.join(BUILD, this.program), ['-c', this.config], { stdio: ['ignore', log, log] });
        fs.closeSync(log);
        this.address = await until(
            () => this.told(/ listening role=(?:clients|http) .*?address=(\S+)/),
            `${this.program} listens`,
        );
        return this;
    }

    /** The first group of the pattern in the log. */
    told(pattern) {
        const text = fs.readFileSync(this.log, 'utf8');
        if (this.process.exitCode !== null) throw new Error(`${this.program} has ended:\n${text}`);
        return text.match(pattern)?.[1];
    }

    async end(signal = 'SIGKILL') {
        if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return;
        const exit = once(this.process, 'exit');
        this.process.kill(signal);
        await exit;
    }
}

/** Daemons with these settings; `queue` null: none. With KEEP in the environment their logs stay. */
export class World {
    constructor({ master = {}, queue = {}, gateway = {} } = {}) {
        this.directory = fs.mkdtempSync(path.join(process.env.TMPDIR || os.tmpdir(), 'browser-'));
        const at = (name) => path.join(this.directory, name);
        const server = `unix:${at('m')}`;
        this.master = new Daemon(this.directory, 'taskmasterd', {
            listen: server,
            'pool-start': 1,
            'pool-max': 2,
            'module-dir': this.modules(),
            'begin-timeout-ms': 60000 /* a worker may starve on a loaded machine */,
            'kill-grace-ms': 300,
            'drain-timeout-ms': 1000,
            ...master,
        });
        this.queue =
            queue &&
            new Daemon(this.directory, 'taskqueued', {
                listen: `unix:${at('q')}`,
                master: server,
                'store-path': at('store'),
                'store-sync': 'off',
                ...queue,
            });
        this.gateway = new Daemon(this.directory, 'taskmaster-http', {
            listen: '127.0.0.1:0',
            server,
            'allow-writes': true,
            'drain-timeout-ms': 500,
            ...(queue && { 'queue-server': `unix:${at('q')}` }),
            ...gateway,
        });
    }

    /** The modules of the project, and two of its tests. */
    modules() {
        const directory = path.join(this.directory, 'modules');
        fs.mkdirSync(directory);
        for (const name of fs.readdirSync(path.join(BUILD, 'modules')))
            fs.symlinkSync(path.join(BUILD, 'modules', name), path.join(directory, name));
        for (const name of ['live.so', 'words.so'])
            fs.symlinkSync(path.join(BUILD, 'tests/modules', name), path.join(directory, name));
        return directory;
    }

    file(name, text) {
        const file = path.join(this.directory, name);
        fs.writeFileSync(file, text, { mode: 0o600 });
        return file;
    }

    async start() {
        await this.master.start();
        if (this.queue) await this.queue.start();
        await this.gateway.start();
        await until(() => this.ask('GET', '/readyz').then((answer) => answer.status === 200), 'the gateway is ready');
        return this;
    }

    get url() {
        return `http://${this.gateway.address}`;
    }

    /** One request without the browser: {status, headers, body}. Rejects when the connection fails. */
    ask(method, target, body, headers = {}) {
        return new Promise((resolve, reject) => {
            const request = http.request(`${this.url}${target}`, { method, headers, agent: false }, (response) => {
                const chunks = [];
                response.on('data', (chunk) => chunks.push(chunk));
                response.on('error', reject);
                response.on('end', () =>
                    resolve({
                        status: response.statusCode,
                        headers: response.headers,
                        body: Buffer.concat(chunks).toString(),
                    }),
                );
            });
            request.on('error', reject);
            request.end(body);
        });
    }

    run(module, payload, query = '') {
        return this.ask('POST', `/v1/jobs?module=${module}${query}`, payload);
    }

    /** A job of the queue: its id. */
    async keep(module, payload, query = '') {
        const answer = await this.ask('POST', `/v1/jobs?module=${module}${query}`, payload, {
            Prefer: 'respond-async',
        });
        return JSON.parse(answer.body).job;
    }

    /** A job that runs on: `end()` lets its client go. */
    begin(module, payload) {
        const request = http.request(`${this.url}/v1/jobs?module=${module}`, { method: 'POST', agent: false });
        request.on('error', () => {});
        request.end(payload);
        return { end: () => request.destroy() };
    }

    /** A client of the master with this name. */
    async greet(name) {
        const socket = net.connect(path.join(this.directory, 'm'));
        socket.write(`${JSON.stringify({ op: 'hello', protocol: 1, client: name })}\n`);
        await once(socket, 'data');
        return socket;
    }

    async end() {
        await this.gateway.end();
        if (this.queue) await this.queue.end();
        await this.master.end();
        if (!process.env.KEEP) fs.rmSync(this.directory, { recursive: true, force: true });
    }
}
