/*
 * sqlite_full: the disk is full: a transaction is done again until there is room.
 *
 * Nothing of it was told, and nothing is forgotten. New jobs of it are refused. What is in the
 * write-ahead log goes into the database, so that the log begins anew and need not grow. The
 * reserve is given back, first of all to the database for the same end. Then it is tried again ten
 * times a second: others may free room at any time.
 */
#include "queue/store/sqlite_internal.h"

#include "queue/store/engine_thread.h"

enum { AGAIN_MS = 100 };

uint32_t sqlite_full_begin(struct sqlite_store *store)
{
    bool was_full = store->is_full;
    store->is_full = true;
    atomic_store(&store->has_room, false);
    atomic_store(&store->left, 0);
    sqlite_wal_checkpoint(store);
    if (store->db.fault)
        return ENGINE_THREAD_LOST;
    if (was_full)
        return AGAIN_MS;
    store_dir_free_reserve(&store->dir);
    store->lacks_reserve = true;
    sqlite_wal_checkpoint(store);
    return store->db.fault ? ENGINE_THREAD_LOST : 0;
}

void sqlite_full_end(struct sqlite_store *store)
{
    store->is_full = false;
}
