/* history: see history.h. */
#include "gateway/history/history.h"
#include "gateway/history/rows.h"
#include "gateway/history/track.h"

#include "common/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum {
    POOLS_MAX = 65, /* a daemon has 64 beside `default` */
    BOOT_MAX = 32,  /* bytes, the NUL included */
};

/* A daemon. */
struct past {
    struct track track;
    bool up[HISTORY_SIZE];
    char boot[BOOT_MAX]; /* of the last answer */
};

struct past_pool {
    TAILQ_ENTRY(past_pool) link;
    struct track track;
    uint64_t seen; /* number of the last sample that had it */
    char name[];
};

TAILQ_HEAD(past_pools, past_pool);

struct history {
    uint64_t at_ms[HISTORY_SIZE];
    uint64_t taken; /* samples so far; the next one is at this slot, around the ring */
    struct past master, queue;
    bool has_queue;
    struct past_pools pools;
    size_t pool_count;
};

struct history *history_new(bool has_queue)
{
    struct history *history = xcalloc(1, sizeof *history);
    history->has_queue = has_queue;
    track_init(&history->master.track, history_rows_master);
    track_init(&history->queue.track, history_rows_queue);
    TAILQ_INIT(&history->pools);
    return history;
}

static void drop_pool(struct history *history, struct past_pool *pool)
{
    TAILQ_REMOVE(&history->pools, pool, link);
    history->pool_count--;
    track_free(&pool->track);
    free(pool);
}

void history_free(struct history *history)
{
    if (!history)
        return;
    for (struct past_pool *pool = TAILQ_FIRST(&history->pools), *next; pool; pool = next) {
        next = TAILQ_NEXT(pool, link);
        drop_pool(history, pool);
    }
    track_free(&history->master.track);
    track_free(&history->queue.track);
    free(history);
}

/* --- a sample --- */

/* True if the daemon was started since the sample before. */
static bool is_new_start(struct past *past, const json_t *stats)
{
    const char *boot = json_string_value(json_object_get(stats, "boot"));
    if (!boot || strcmp(boot, past->boot) == 0)
        return false;
    snprintf(past->boot, sizeof past->boot, "%s", boot);
    return true;
}

static struct past_pool *find_pool(const struct history *history, const char *name)
{
    struct past_pool *pool;
    TAILQ_FOREACH (pool, &history->pools, link)
        if (strcmp(pool->name, name) == 0)
            return pool;
    return NULL;
}

static void add_pool(struct history *history, const char *name)
{
    size_t size = strlen(name) + 1;
    struct past_pool *pool = xcalloc(1, sizeof *pool + size);
    memcpy(pool->name, name, size);
    track_init(&pool->track, history_rows_pool);
    TAILQ_INSERT_TAIL(&history->pools, pool, link);
    history->pool_count++;
}

static void add_new_pools(struct history *history, const json_t *pools)
{
    const char *name;
    json_t *figures;
    json_object_foreach ((json_t *)pools, name, figures)
        if (history->pool_count < POOLS_MAX && !find_pool(history, name))
            add_pool(history, name);
}

/* A pool that is gone for an hour is forgotten. */
static void take_pools(struct history *history, size_t slot, const json_t *pools)
{
    add_new_pools(history, pools);
    for (struct past_pool *pool = TAILQ_FIRST(&history->pools), *next; pool; pool = next) {
        const json_t *figures = json_object_get(pools, pool->name);
        next = TAILQ_NEXT(pool, link);
        track_take(&pool->track, slot, figures, NULL);
        if (figures)
            pool->seen = history->taken;
        else if (history->taken - pool->seen >= HISTORY_SIZE)
            drop_pool(history, pool);
    }
}

static void restart_pools(struct history *history)
{
    struct past_pool *pool;
    TAILQ_FOREACH (pool, &history->pools, link)
        track_restart(&pool->track);
}

static void take_master(struct history *history, size_t slot, const json_t *stats)
{
    struct past *master = &history->master;
    const json_t *pools = json_object_get(stats, "pools");
    if (is_new_start(master, stats)) {
        track_restart(&master->track);
        restart_pools(history);
    }
    master->up[slot] = stats != NULL;
    track_take(&master->track, slot, stats, pools);
    take_pools(history, slot, pools);
}

static void take_queue(struct history *history, size_t slot, const json_t *stats)
{
    struct past *queue = &history->queue;
    if (is_new_start(queue, stats))
        track_restart(&queue->track);
    queue->up[slot] = stats != NULL;
    track_take(&queue->track, slot, stats, NULL);
}

void history_take(struct history *history, uint64_t at_ms, const json_t *master,
                  const json_t *queue)
{
    size_t slot = history->taken % HISTORY_SIZE;
    history->at_ms[slot] = at_ms;
    take_master(history, slot, master);
    if (history->has_queue)
        take_queue(history, slot, queue);
    history->taken++;
}

/* --- the text --- */

/* The samples to be told: `count` from the slot `first` on. */
struct range {
    size_t first, count;
};

/* The wall clock may have been set back: so the search goes from the last sample back to the first
 * one that is known. */
static struct range find_range(const struct history *history, uint64_t since_ms)
{
    uint64_t end = history->taken, start = end;
    while (start > 0 && end - start < HISTORY_SIZE &&
           history->at_ms[(start - 1) % HISTORY_SIZE] > since_ms)
        start--;
    return (struct range){.first = start % HISTORY_SIZE, .count = end - start};
}

static void write_times(struct json_writer *json, const struct history *history, struct range range)
{
    json_writer_begin(json, "at_ms", '[');
    for (size_t i = 0; i < range.count; i++)
        json_writer_uint(json, NULL, history->at_ms[(range.first + i) % HISTORY_SIZE]);
    json_writer_end(json, ']');
}

static void write_past(struct json_writer *json, const char *key, const struct past *past,
                       struct range range)
{
    json_writer_begin(json, key, '{');
    json_writer_begin(json, "up", '[');
    for (size_t i = 0; i < range.count; i++)
        json_writer_uint(json, NULL, past->up[(range.first + i) % HISTORY_SIZE]);
    json_writer_end(json, ']');
    track_write(&past->track, json, range.first, range.count);
    json_writer_end(json, '}');
}

/* A pool's name is a key without any need of escapes: its settings permit few characters. */
static void write_pools(struct json_writer *json, const struct history *history, struct range range)
{
    const struct past_pool *pool;
    json_writer_begin(json, "pools", '{');
    TAILQ_FOREACH (pool, &history->pools, link) {
        json_writer_begin(json, pool->name, '{');
        track_write(&pool->track, json, range.first, range.count);
        json_writer_end(json, '}');
    }
    json_writer_end(json, '}');
}

char *history_json(const struct history *history, uint64_t since_ms)
{
    struct range range = find_range(history, since_ms);
    struct json_writer json;
    json_writer_open(&json);
    json_writer_begin(&json, NULL, '{');
    json_writer_uint(&json, "interval_ms", HISTORY_INTERVAL_MS);
    json_writer_uint(&json, "size", HISTORY_SIZE);
    write_times(&json, history, range);
    write_past(&json, "master", &history->master, range);
    write_pools(&json, history, range);
    if (history->has_queue)
        write_past(&json, "queue", &history->queue, range);
    else
        json_writer_null(&json, "queue");
    json_writer_end(&json, '}');
    return json_writer_close(&json);
}
