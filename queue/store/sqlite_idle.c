/*
 * sqlite_idle: what is done while nothing is asked: the reserve is made again, and the database
 * gives back the room of jobs that are gone.
 *
 * A part of it stays for the next jobs. The rest goes in small steps, so that an operation waits
 * for one of these at most.
 */
#include "queue/store/sqlite_internal.h"

#include "queue/store/engine_thread.h"

enum {
    LOOK_MS = 1000,   /* idle for so long; and between two looks for room */
    STEP_MS = 5,      /* between two steps */
    STEP_PAGES = 256, /* also written in sqlite_statements.c */
    KEPT_PAGES = 1024,
    KEPT_PART = 8, /* of all pages */
};

static uint64_t count(struct sqlite_store *store, enum sqlite_statement statement)
{
    return sqlite_read_number(store, sqlite_db_use(&store->db, statement));
}

static bool has_waste(struct sqlite_store *store)
{
    uint64_t unused = count(store, SQL_FREE_PAGES);
    return unused > KEPT_PAGES + STEP_PAGES && unused > count(store, SQL_PAGES) / KEPT_PART;
}

/* The file becomes shorter when the log has gone into it. In how many ms the next step comes: a
 * full disk may have no room for this one. */
static uint32_t shrink(struct sqlite_store *store)
{
    uint32_t pause_ms = STEP_MS;
    sqlite_db_run(&store->db, sqlite_db_use(&store->db, SQL_SHRINK));
    if (!store->db.fault && (sqlite_wal_is_long(store) || !has_waste(store)))
        sqlite_wal_checkpoint(store);
    if (store->db.fault == SQLITE_FAULT_FULL) {
        sqlite_db_rollback(&store->db);
        pause_ms = LOOK_MS;
    }
    return store->db.fault ? ENGINE_THREAD_LOST : pause_ms;
}

static void look_for_room(struct sqlite_store *store)
{
    sqlite_room_look(store);
    if (store->has_room && store->lacks_reserve)
        store->lacks_reserve = store_dir_make_reserve(&store->dir) < 0;
}

void sqlite_idle_end(struct sqlite_store *store)
{
    store->is_idle = false;
}

uint32_t sqlite_idle_turn(struct sqlite_store *store)
{
    bool was_idle = store->is_idle, wants_room = !store->has_room || store->lacks_reserve;
    store->is_idle = true;
    if (wants_room)
        look_for_room(store);
    if (!has_waste(store))
        return wants_room ? LOOK_MS : ENGINE_THREAD_FOREVER;
    if (!was_idle)
        return LOOK_MS;
    return shrink(store);
}
