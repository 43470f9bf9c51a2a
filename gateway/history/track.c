/* track: see track.h. */
#include "gateway/history/track.h"

#include "base/figures.h"
#include "common/xmalloc.h"

#include <stdlib.h>

void track_init(struct track *track, const struct track_row *rows)
{
    *track = (struct track){.rows = rows};
    while (rows[track->count].name)
        track->count++;
    track->values = xmalloc(track->count * HISTORY_SIZE * sizeof *track->values);
    for (size_t i = 0; i < track->count * HISTORY_SIZE; i++)
        track->values[i] = TRACK_UNKNOWN;
}

void track_free(struct track *track)
{
    free(track->values);
}

void track_restart(struct track *track)
{
    track->before.is_known = false;
}

/* --- times --- */

static void add_times(struct histogram *sum, const json_t *times)
{
    const json_t *counts = json_object_get(times, "counts");
    struct histogram one = {.max = figures_get(json_object_get(times, "max"))};
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        one.counts[i] = figures_get(json_array_get(counts, i));
    histogram_merge(sum, &one);
}

static void read_times(struct track_before *now, const json_t *figures, const json_t *times)
{
    const char *name;
    json_t *object;
    if (!times) {
        add_times(&now->wait_us, json_object_get(figures, "wait_us"));
        add_times(&now->run_us, json_object_get(figures, "run_us"));
        return;
    }
    json_object_foreach ((json_t *)times, name, object) {
        add_times(&now->wait_us, json_object_get(object, "wait_us"));
        add_times(&now->run_us, json_object_get(object, "run_us"));
    }
}

/* A pool that is gone has taken its counts along. */
static struct histogram subtract(const struct histogram *now, const struct histogram *before)
{
    struct histogram rest = {.max = now->max};
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        if (now->counts[i] > before->counts[i])
            rest.counts[i] = now->counts[i] - before->counts[i];
    return rest;
}

/* --- values --- */

static uint64_t sum_of(const json_t *figure)
{
    const char *name;
    json_t *member;
    uint64_t sum = 0;
    if (!json_is_object(figure))
        return figures_get(figure);
    json_object_foreach ((json_t *)figure, name, member)
        sum += figures_get(member);
    return sum;
}

static uint64_t percentile(const struct histogram *now, const struct histogram *before,
                           unsigned thousandths)
{
    struct histogram ended = subtract(now, before);
    return histogram_count(&ended) ? histogram_quantile(&ended, thousandths) : TRACK_UNKNOWN;
}

static uint64_t difference(uint64_t now, uint64_t before)
{
    return now > before ? now - before : 0;
}

static uint64_t value_of(const struct track *track, size_t row, const json_t *figures,
                         const struct track_before *now)
{
    const struct track_row *r = &track->rows[row];
    const struct track_before *before = &track->before;
    if (r->kind == TRACK_LEVEL) {
        const json_t *figure = figures_find(figures, r->path);
        return figure ? figures_get(figure) : TRACK_UNKNOWN;
    }
    if (!before->is_known)
        return TRACK_UNKNOWN;
    if (r->kind == TRACK_DIFFERENCE)
        return difference(now->counted[row], before->counted[row]);
    if (r->kind == TRACK_ENDED)
        return difference(histogram_count(&now->run_us), histogram_count(&before->run_us));
    return r->kind == TRACK_WAIT ? percentile(&now->wait_us, &before->wait_us, r->thousandths)
                                 : percentile(&now->run_us, &before->run_us, r->thousandths);
}

static void put(struct track *track, size_t row, size_t slot, uint64_t value)
{
    track->values[row * HISTORY_SIZE + slot] = value;
}

static void take_none(struct track *track, size_t slot)
{
    for (size_t row = 0; row < track->count; row++)
        put(track, row, slot, TRACK_UNKNOWN);
    track_restart(track);
}

void track_take(struct track *track, size_t slot, const json_t *figures, const json_t *times)
{
    struct track_before now = {.is_known = true};
    if (!figures) {
        take_none(track, slot);
        return;
    }
    read_times(&now, figures, times);
    for (size_t row = 0; row < track->count; row++) {
        if (track->rows[row].kind == TRACK_DIFFERENCE)
            now.counted[row] = sum_of(figures_find(figures, track->rows[row].path));
        put(track, row, slot, value_of(track, row, figures, &now));
    }
    track->before = now;
}

/* --- the text --- */

static void write_series(const struct track *track, struct json_writer *json, size_t row,
                         size_t first, size_t count)
{
    const uint64_t *values = track->values + row * HISTORY_SIZE;
    json_writer_begin(json, track->rows[row].name, '[');
    for (size_t i = 0; i < count; i++) {
        uint64_t value = values[(first + i) % HISTORY_SIZE];
        if (value == TRACK_UNKNOWN)
            json_writer_null(json, NULL);
        else
            json_writer_uint(json, NULL, value);
    }
    json_writer_end(json, ']');
}

void track_write(const struct track *track, struct json_writer *json, size_t first, size_t count)
{
    for (size_t row = 0; row < track->count; row++)
        write_series(track, json, row, first, count);
}
