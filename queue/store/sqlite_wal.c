/*
 * sqlite_wal: the write-ahead log goes into the database now and then.
 *
 * SQLite would do so by itself after a commit, but it keeps the faults of that to itself. After a
 * failed fsync() the next one succeeds, though bytes are lost: such a fault has to be seen. And
 * here the answers go out first.
 */
#include "queue/store/sqlite_internal.h"

static int on_commit(void *arg, sqlite3 *handle, const char *name, int pages)
{
    struct sqlite_store *store = arg;
    (void)handle, (void)name;
    store->wal_pages = (unsigned)pages;
    return SQLITE_OK;
}

void sqlite_wal_start(struct sqlite_store *store)
{
    sqlite3_wal_hook(store->db.handle, on_commit, store);
}

bool sqlite_wal_is_long(const struct sqlite_store *store)
{
    return store->wal_pages >= store->wal_limit;
}

void sqlite_wal_checkpoint(struct sqlite_store *store)
{
    store->wal_pages = 0;
    sqlite_db_checkpoint(&store->db);
}
