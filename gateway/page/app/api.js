/* api: requests to the gateway (doc/http.md).
 *
 * The token stands in a header, never in a URL: URLs are written down in logs and histories. It is
 * kept for the tab alone. */

const TOKEN = 'taskmaster-token';

/* The daemons' texts begin small and have no full stop. */
function sentence(text) {
    return text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');
}

/** An error response, or no response at all: then `status` is 0. */
export class Problem extends Error {
    constructor(status, body) {
        super(sentence(body.detail || body.title || `status ${status}`));
        this.status = status;
        this.body = body;
        this.code = body.code || body.reason || '';
    }
}

export function token() {
    return sessionStorage.getItem(TOKEN);
}

export function setToken(text) {
    if (text) sessionStorage.setItem(TOKEN, text);
    else sessionStorage.removeItem(TOKEN);
}

/** Sends a request; a response that is no success is thrown as a Problem. */
export async function send(method, path, options = {}) {
    const headers = new Headers(options.headers);
    if (token()) headers.set('Authorization', `Bearer ${token()}`);
    let response;
    try {
        response = await fetch(withQuery(path, options.query), {
            method,
            headers,
            body: options.body,
            signal: options.signal,
            cache: 'no-store',
            credentials: 'omit',
        });
    } catch (error) {
        if (error.name === 'AbortError') throw error;
        throw new Problem(0, { code: 'unreachable', detail: 'The gateway does not answer.' });
    }
    if (!response.ok) throw await problemOf(response);
    return response;
}

function withQuery(path, query) {
    const set = Object.entries(query || {}).filter(
        ([, value]) => value !== undefined && value !== null && value !== '',
    );
    return set.length ? `${path}?${new URLSearchParams(set)}` : path;
}

async function problemOf(response) {
    const text = await response.text().catch(() => '');
    let body = { detail: text || response.statusText };
    try {
        body = JSON.parse(text);
    } catch {
        /* A proxy's page, say: its text is the detail. */
    }
    if (response.status === 401) dispatchEvent(new Event('taskmaster-unauthorized'));
    return new Problem(response.status, body);
}

export async function get(path, query, signal) {
    return (await send('GET', path, { query, signal })).json();
}

/** A write; its answer as an object. */
export async function act(method, path, body, query) {
    const options = { query };
    if (body) Object.assign(options, { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
    const text = await (await send(method, path, options)).text();
    return text ? JSON.parse(text) : {};
}

/** An answer, and whether there is more of its list. */
export async function getPage(path, signal) {
    const response = await send('GET', path, { signal });
    const hasMore = /;\s*rel="?next"?/.test(response.headers.get('Link') || '');
    return { body: await response.json(), hasMore };
}
