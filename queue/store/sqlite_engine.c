/* sqlite_engine: the engine on SQLite: the table of operations of engine.h. */
#include "queue/store/engine_thread.h"
#include "queue/store/sqlite_internal.h"

#include "common/xmalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct engine {
    struct sqlite_store store;
    struct engine_thread *thread;
    struct store_contents contents;
};

static struct engine *open_engine(const struct engine_parts *parts, char *error, size_t error_size)
{
    struct engine *engine = xcalloc(1, sizeof *engine);
    if (!sqlite_store_open(&engine->store, parts->settings, &engine->contents, error, error_size)) {
        free(engine);
        return NULL;
    }
    engine->thread = engine_thread_start(parts->base, sqlite_batch_turn, &engine->store,
                                         parts->failed, parts->arg);
    if (engine->thread)
        return engine;
    snprintf(error, error_size, "a thread for the store: %s", strerror(errno));
    sqlite_store_close(&engine->store);
    sqlite_contents_free(&engine->contents);
    free(engine);
    return NULL;
}

static const struct store_contents *contents_of(struct engine *engine)
{
    return &engine->contents;
}

static void post(struct engine *engine, struct store_op *op)
{
    engine_thread_post(engine->thread, op);
}

static void flush(struct engine *engine)
{
    engine_thread_flush(engine->thread);
}

static uint64_t bytes_of(const struct engine *engine)
{
    return atomic_load(&engine->store.bytes);
}

static uint64_t left(const struct engine *engine)
{
    return atomic_load(&engine->store.left);
}

static bool has_room(const struct engine *engine)
{
    return atomic_load(&engine->store.has_room);
}

static void configure(struct engine *engine, const struct store_settings *settings,
                      const struct redis_settings *redis)
{
    (void)redis;
    atomic_store(&engine->store.max, settings->max);
}

static void close_engine(struct engine *engine)
{
    atomic_store(&engine->store.is_ending, true);
    engine_thread_finish(engine->thread);
    engine_thread_stop(engine->thread);
    sqlite_store_close(&engine->store);
    sqlite_contents_free(&engine->contents);
    free(engine);
}

const struct engine_ops sqlite_engine = {
    .name = "sqlite",
    .open = open_engine,
    .contents = contents_of,
    .post = post,
    .flush = flush,
    .bytes = bytes_of,
    .left = left,
    .has_room = has_room,
    .configure = configure,
    .close = close_engine,
};
