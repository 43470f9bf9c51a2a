/* percentile: the figures of a histogram whose bucket n counts times from 2^n to 2^(n+1) - 1
 * microseconds (doc/protocol.md, stats). */

export function sum(counts) {
    return counts.reduce((total, n) => total + n, 0);
}

/** Interpolated within its bucket; null if nothing was counted. */
export function percentile(counts, p) {
    const total = sum(counts);
    if (!total) return null;
    let left = (p / 100) * total;
    for (let n = 0; n < counts.length; n++) {
        if (left <= counts[n] && counts[n] > 0) {
            const low = n === 0 ? 0 : 2 ** n;
            return low + (2 ** (n + 1) - low) * (left / counts[n]);
        }
        left -= counts[n];
    }
    return 2 ** counts.length;
}

/** What came after `before`; all of `after` if the counts began anew. */
export function countsSince(after, before) {
    const since = after.map((n, at) => n - (before[at] || 0));
    return since.some((n) => n < 0) ? after : since;
}

export function addCounts(lists) {
    const total = [];
    for (const list of lists) list.forEach((n, at) => (total[at] = (total[at] || 0) + n));
    return total;
}
