/* format: figures as people read them. */

const NONE = '–';
const plain = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

function absent(n) {
    return n === null || n === undefined || Number.isNaN(n);
}

/* Three figures at most: 0.42, 4.2, 42, 420. */
function short(n) {
    const digits = n >= 100 ? 0 : n >= 10 ? 1 : 2;
    return String(Number(n.toFixed(digits)));
}

function scaled(n, units, step) {
    let at = 0;
    while (n >= step * 0.9995 && at < units.length - 1) {
        n /= step;
        at++;
    }
    return `${short(n)} ${units[at]}`.trim();
}

export function count(n) {
    return absent(n) ? NONE : plain.format(n);
}

/** 1234567 is "1.23 M": for places with little room. */
export function brief(n) {
    return absent(n) ? NONE : n < 10000 ? count(n) : scaled(n, ['', 'k', 'M', 'G', 'T'], 1000);
}

export function rate(n) {
    return absent(n) ? NONE : n > 0 && n < 0.01 ? '<0.01' : n >= 10000 ? brief(n) : short(n);
}

export function bytes(n) {
    return absent(n) ? NONE : scaled(n, ['B', 'KiB', 'MiB', 'GiB', 'TiB'], 1024);
}

export function micros(us) {
    if (absent(us)) return NONE;
    if (us < 999.5) return `${short(us)} µs`;
    return us < 999500 ? `${short(us / 1000)} ms` : millis(us / 1000);
}

/** The same in one unit: for an axis. */
export function axisMicros(us) {
    return us < 1e3 ? `${short(us)} µs` : us < 1e6 ? `${short(us / 1e3)} ms` : `${short(us / 1e6)} s`;
}

export function millis(ms) {
    if (absent(ms)) return NONE;
    if (ms < 999.5) return `${short(ms)} ms`;
    const s = ms / 1000;
    if (s < 99.95) return `${short(s)} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
    if (s < 86400) return `${Math.floor(s / 3600)} h ${two((s % 3600) / 60)} min`;
    return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

function two(n) {
    return String(Math.floor(n)).padStart(2, '0');
}

export function clock(ms, fraction) {
    const date = new Date(ms);
    const text = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
    return fraction ? `${text}.${String(date.getMilliseconds()).padStart(3, '0')}` : text;
}

export function percent(part, whole) {
    return whole > 0 ? `${short((100 * part) / whole)} %` : NONE;
}

/** "1 job", "3 jobs". */
export function plural(n, one, many) {
    return `${count(n)} ${n === 1 ? one : many || `${one}s`}`;
}

export function list(words) {
    return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
