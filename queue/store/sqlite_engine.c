/* sqlite_engine: the engine on SQLite: the table of operations of engine.h. */
#include "queue/store/engine_thread.h"
#include "queue/store/sqlite_internal.h"

#include "common/xmalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct engine {
    struct sqlite_store store;
    struct engine_thread *thread;
    struct store_contents contents;
};

static bool open_files(struct sqlite_store *store, const struct store_settings *settings,
                       char *error, size_t error_size)
{
    char *payloads = xasprintf("%s/payloads", settings->path);
    bool is_open = (mkdir(settings->path, 0700) == 0 || errno == EEXIST) &&
                   body_files_open(&store->files, payloads, settings->sync != STORE_SYNC_OFF) == 0;
    if (!is_open)
        snprintf(error, error_size, "store-path %s: %s", settings->path, strerror(errno));
    free(payloads);
    return is_open;
}

static bool open_db(struct sqlite_store *store, const struct store_settings *settings, char *error,
                    size_t error_size)
{
    char why[200], *path = xasprintf("%s/queue.db", settings->path);
    bool is_open = sqlite_db_open(&store->db, path, settings->sync, why, sizeof why);
    if (!is_open)
        snprintf(error, error_size, "%s: %s", path, why);
    free(path);
    return is_open;
}

static void close_store(struct sqlite_store *store)
{
    sqlite_db_close(&store->db);
    body_files_close(&store->files);
    free(store->scratch);
}

static struct engine_thread *start(struct engine *engine, struct event_base *base,
                                   void (*failed)(void *arg, const char *why), void *arg,
                                   char *error, size_t error_size)
{
    struct engine_thread *thread = NULL;
    sqlite_contents_read(&engine->store, &engine->contents);
    if (engine->store.db.fault)
        snprintf(error, error_size, "store-path: %s", engine->store.db.why);
    else if (!(thread = engine_thread_start(base, sqlite_batch_turn, &engine->store, failed, arg)))
        snprintf(error, error_size, "a thread for the store: %s", strerror(errno));
    return thread;
}

static struct engine *open_engine(const struct store_settings *settings, struct event_base *base,
                                  void (*failed)(void *arg, const char *why), void *arg,
                                  char *error, size_t error_size)
{
    struct engine *engine = xcalloc(1, sizeof *engine);
    engine->store.scratch = xmalloc(STORED_INLINE_MAX);
    if (open_files(&engine->store, settings, error, error_size) &&
        open_db(&engine->store, settings, error, error_size)) {
        engine->thread = start(engine, base, failed, arg, error, error_size);
        if (engine->thread)
            return engine;
    }
    close_store(&engine->store);
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
    (void)engine;
    return 0;
}

static bool has_room(const struct engine *engine)
{
    (void)engine;
    return true;
}

static void close_engine(struct engine *engine)
{
    engine_thread_finish(engine->thread);
    engine_thread_stop(engine->thread);
    close_store(&engine->store);
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
    .has_room = has_room,
    .close = close_engine,
};
