/* sqlite_store: all parts of the store together, opened and closed. */
#include "queue/store/sqlite_backup.h"
#include "queue/store/sqlite_internal.h"

#include "common/xmalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool fail(char *error, size_t error_size, const struct store_settings *settings,
                 const char *what, const char *why)
{
    snprintf(error, error_size, "store-path %s: %s%s", settings->path, what, why);
    return false;
}

/* A broken database is no fault of the settings: the operator is told the next step. */
static bool fail_db(char *error, size_t error_size, const struct store_settings *settings,
                    const char *why)
{
    bool is_broken =
        strstr(why, sqlite3_errstr(SQLITE_CORRUPT)) || strstr(why, sqlite3_errstr(SQLITE_NOTADB));
    snprintf(error, error_size, "store-path %s: %s%s", settings->path, why,
             is_broken ? "; run taskqueued --check, and start with a copy of the store" : "");
    return false;
}

static bool open_files(struct sqlite_store *store, const struct store_settings *settings,
                       char *error, size_t error_size)
{
    char *payloads = xasprintf("%s/payloads", settings->path);
    bool is_open = body_files_open(&store->files, payloads, settings->sync != STORE_SYNC_OFF) == 0;
    free(payloads);
    return is_open || fail(error, error_size, settings, "payloads: ", strerror(errno));
}

static bool open_db(struct sqlite_store *store, const struct store_settings *settings, char *error,
                    size_t error_size)
{
    char why[200], *path = xasprintf("%s/%s", settings->path, SQLITE_STORE_FILE);
    bool is_open = sqlite_db_open(&store->db, path, settings->sync, why, sizeof why);
    free(path);
    return is_open || fail_db(error, error_size, settings, why);
}

static bool count_all(struct sqlite_store *store, const struct store_settings *settings,
                      struct store_contents *contents, char *error, size_t error_size)
{
    sqlite_contents_read(store, contents);
    if (!store->db.fault && sqlite_orphans_remove(store) < 0)
        sqlite_db_note(&store->db, "payloads", errno);
    if (store->db.fault)
        return fail_db(error, error_size, settings, store->db.why);
    sqlite_room_look(store);
    contents->bytes = store->bytes;
    return true;
}

/* The names of new files reach the disk before anything in them. */
static bool sync_names(struct sqlite_store *store, const struct store_settings *settings,
                       char *error, size_t error_size)
{
    return settings->sync == STORE_SYNC_OFF || fsync(store->dir.fd) == 0 ||
           fail(error, error_size, settings, "", strerror(errno));
}

/* The directory, its files, the database. */
static bool open_parts(struct sqlite_store *store, const struct store_settings *settings,
                       char *error, size_t error_size)
{
    if (!store_dir_open(&store->dir, settings, error, error_size))
        return false;
    store->lacks_reserve = store_dir_make_reserve(&store->dir) < 0;
    if (store_dir_touch(&store->dir, SQLITE_STORE_FILE) < 0)
        return fail(error, error_size, settings, "", strerror(errno));
    return open_files(store, settings, error, error_size) &&
           sync_names(store, settings, error, error_size) &&
           open_db(store, settings, error, error_size);
}

bool sqlite_store_open(struct sqlite_store *store, const struct store_settings *settings,
                       struct store_contents *contents, char *error, size_t error_size)
{
    *store = (struct sqlite_store){.dir = {.fd = -1}, .files = {.directory = -1}};
    STAILQ_INIT(&store->backups);
    store->scratch = xmalloc(STORED_INLINE_MAX);
    store->max = settings->max;
    if (open_parts(store, settings, error, error_size)) {
        sqlite_wal_start(store);
        if (count_all(store, settings, contents, error, error_size))
            return true;
        sqlite_contents_free(contents);
    }
    sqlite_store_close(store);
    return false;
}

void sqlite_store_close(struct sqlite_store *store)
{
    store->is_ending = true;
    if (store->backup)
        sqlite_backup_step(store->backup); /* it fails, and is freed */
    sqlite_db_close(&store->db);
    body_files_close(&store->files);
    store_dir_close(&store->dir);
    free(store->scratch);
}
