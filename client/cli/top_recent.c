/* top_recent: see top_recent.h. */
#include "top_recent.h"

#include <string.h>

enum { BUCKETS = 41 }; /* powers of two of a microsecond, from 2^0 on */

/* ---- looks ---- */

static void drop_first(struct top_recent *recent)
{
    json_decref(recent->looks[0].stats);
    recent->count--;
    memmove(recent->looks, recent->looks + 1, recent->count * sizeof *recent->looks);
}

void top_recent_free(struct top_recent *recent)
{
    while (recent->count > 0)
        drop_first(recent);
}

void top_recent_keep(struct top_recent *recent, json_t *stats, int64_t now_ms)
{
    size_t count = recent->count;
    if (count > 0 && now_ms - recent->looks[count - 1].ms < TOP_RECENT_STEP_MS)
        return;
    if (count == TOP_RECENT_LOOKS)
        drop_first(recent);
    recent->looks[recent->count++] = (struct top_past){json_incref(stats), now_ms};
}

const struct top_past *top_recent_before(const struct top_recent *recent, int64_t now_ms)
{
    size_t at = 0;
    while (at + 1 < recent->count && now_ms - recent->looks[at + 1].ms >= TOP_RECENT_MS)
        at++;
    return recent->count > 0 ? &recent->looks[at] : NULL;
}

/* ---- times ---- */

static uint64_t count_at(const json_t *times, size_t bucket)
{
    const json_t *counts = json_object_get(times, "counts");
    json_int_t count = json_integer_value(json_array_get(counts, bucket));
    return count > 0 ? (uint64_t)count : 0;
}

/* Returns the sum. */
static uint64_t subtract(uint64_t counts[BUCKETS], const json_t *times, const json_t *before)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        uint64_t now = count_at(times, i), then = count_at(before, i);
        counts[i] = now > then ? now - then : 0;
        sum += counts[i];
    }
    return sum;
}

/* The value of a rank within a bucket; values count as spread evenly over its range. */
static uint64_t value_in(const uint64_t counts[BUCKETS], size_t bucket, uint64_t rank, uint64_t max)
{
    uint64_t least = bucket ? UINT64_C(1) << bucket : 0, most = (UINT64_C(2) << bucket) - 1;
    if (most > max || bucket == BUCKETS - 1)
        most = max > least ? max : least;
    return least + (uint64_t)((double)(most - least) * ((double)rank / (double)counts[bucket]));
}

/* The value with so many per cent of all at or below it. `sum` is not 0. */
static uint64_t percentile(const uint64_t counts[BUCKETS], uint64_t sum, unsigned percent,
                           uint64_t max)
{
    uint64_t rank = sum / 100 * percent + (sum % 100 * percent + 99) / 100, below = 0;
    size_t i = 0;
    while (i + 1 < BUCKETS && rank > below + counts[i])
        below += counts[i++];
    return value_in(counts, i, rank - below, max);
}

void top_recent_no_times(json_t *times)
{
    json_object_del(times, "p50");
    json_object_del(times, "p99");
}

static void set(json_t *times, const char *name, uint64_t value)
{
    json_object_set_new(times, name, json_integer((json_int_t)value));
}

void top_recent_times(json_t *times, const json_t *before)
{
    uint64_t counts[BUCKETS], sum = subtract(counts, times, before);
    json_int_t max = json_integer_value(json_object_get(times, "max"));
    if (!sum) {
        top_recent_no_times(times);
        return;
    }
    set(times, "p50", percentile(counts, sum, 50, max > 0 ? (uint64_t)max : 0));
    set(times, "p99", percentile(counts, sum, 99, max > 0 ? (uint64_t)max : 0));
}
