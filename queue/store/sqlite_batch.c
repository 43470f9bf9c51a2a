/*
 * sqlite_batch: operations as transactions.
 *
 * All operations that have gathered while the last transaction was synced are the next one. One
 * transaction has a bounded number, so that the first of many is not answered after the last.
 */
#include "queue/store/sqlite_internal.h"

#include "queue/store/engine_thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH_MAX = 1000 };

typedef void do_op(struct sqlite_store *store, struct store_op *op);

static do_op *const operations[STORE_KINDS] = {
    [STORE_PUT] = sqlite_put,
    [STORE_LOAD] = sqlite_read_load,
    [STORE_TAKE] = sqlite_read_take,
    [STORE_HANDED] = sqlite_change_handed,
    [STORE_BACK] = sqlite_change_back,
    [STORE_ENDED] = sqlite_change_ended,
    [STORE_AGAIN] = sqlite_change_again,
    [STORE_FORGET] = sqlite_remove_forget,
    [STORE_MARK] = sqlite_change_mark,
    [STORE_RIPEN] = sqlite_due_ripen,
    [STORE_EXPIRE] = sqlite_due_expire,
    [STORE_SWEEP] = sqlite_remove_sweep,
    [STORE_LIST] = sqlite_read_list,
    [STORE_PAUSE] = sqlite_change_pause,
};

/* Returns how many operations are done. */
static size_t do_all(struct sqlite_store *store, const struct store_ops *todo)
{
    struct store_op *op;
    size_t count = 0;
    STAILQ_FOREACH (op, todo, link) {
        if (count == BATCH_MAX || store->db.fault)
            break;
        operations[op->kind](store, op);
        count++;
    }
    return count;
}

static void write_next_seq(struct sqlite_store *store)
{
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_SET_NEXT);
    if (store->next_seq == store->written_next_seq)
        return;
    sqlite_db_bind(sql, 1, store->next_seq);
    sqlite_db_run(&store->db, sql);
}

static void commit(struct sqlite_store *store)
{
    write_next_seq(store);
    if (!store->db.fault && body_files_settle(&store->files) < 0)
        sqlite_db_note(&store->db, "payloads", errno);
    sqlite_db_commit(&store->db);
    if (store->db.fault)
        return;
    store->written_next_seq = store->next_seq;
    body_files_committed(&store->files);
}

static void answer(struct store_ops *todo, struct store_ops *answered, size_t count)
{
    for (; count; count--) {
        struct store_op *op = STAILQ_FIRST(todo);
        STAILQ_REMOVE_HEAD(todo, link);
        STAILQ_INSERT_TAIL(answered, op, link);
    }
}

uint32_t sqlite_batch_turn(void *arg, struct store_ops *todo, struct store_ops *answered, char *why,
                           size_t why_size)
{
    struct sqlite_store *store = arg;
    if (STAILQ_EMPTY(todo))
        return ENGINE_THREAD_FOREVER;
    sqlite_db_begin(&store->db);
    size_t count = do_all(store, todo);
    commit(store);
    if (store->db.fault) {
        snprintf(why, why_size, "%s", store->db.why);
        return ENGINE_THREAD_LOST;
    }
    answer(todo, answered, count);
    return STAILQ_EMPTY(todo) ? ENGINE_THREAD_FOREVER : 0;
}
