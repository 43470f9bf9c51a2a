/*
 * sqlite_batch: operations as transactions.
 *
 * All operations that have gathered while the last transaction was synced are the next one. One
 * transaction has a bounded number, so that the first of many is not answered after the last.
 */
#include "queue/store/sqlite_internal.h"

#include "queue/store/engine_thread.h"
#include "queue/store/sqlite_backup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    BATCH_MAX = 1000,      /* operations of a transaction, */
    BATCH_BYTES = 4 << 20, /* and bytes of their bodies: a tenth of a second on a slow disk */
};

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

static size_t bytes_of(const struct store_op *op)
{
    return op->job ? op->job->input.size + op->job->result.size : 0;
}

/* Returns how many operations are done. */
static size_t do_all(struct sqlite_store *store, const struct store_ops *todo)
{
    struct store_op *op;
    size_t count = 0, bytes = 0;
    STAILQ_FOREACH (op, todo, link) {
        if (op->kind == STORE_BACKUP || count == BATCH_MAX || bytes > BATCH_BYTES ||
            store->db.fault)
            break;
        op->status = STORE_OK;
        operations[op->kind](store, op);
        bytes += bytes_of(op);
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

/* --- a transaction that was not to be --- */

static void forget_rows(struct store_op *op)
{
    struct store_row *row;
    while ((row = STAILQ_FIRST(&op->rows))) {
        STAILQ_REMOVE_HEAD(&op->rows, link);
        stored_job_free(row->job);
        free(row);
    }
}

/* As it was before it was done. */
static void reset(struct store_op *op)
{
    forget_rows(op);
    if (op->kind == STORE_LOAD) {
        stored_job_free(op->job);
        op->job = NULL;
    }
    if (op->kind == STORE_LIST)
        op->behind_seq = op->seq;
}

static void undo(struct sqlite_store *store, const struct store_ops *todo, size_t count)
{
    struct store_op *op = STAILQ_FIRST(todo);
    for (; count; count--, op = STAILQ_NEXT(op, link))
        reset(op);
    sqlite_db_rollback(&store->db);
    body_files_undone(&store->files);
}

/* --- turns --- */

static void answer(struct store_ops *todo, struct store_ops *answered, size_t count)
{
    for (; count; count--) {
        struct store_op *op = STAILQ_FIRST(todo);
        STAILQ_REMOVE_HEAD(todo, link);
        STAILQ_INSERT_TAIL(answered, op, link);
    }
}

static uint32_t do_batch(struct sqlite_store *store, struct store_ops *todo,
                         struct store_ops *answered)
{
    sqlite_idle_end(store);
    sqlite_db_begin(&store->db);
    size_t count = do_all(store, todo);
    commit(store);
    enum sqlite_fault fault = store->db.fault;
    if (fault)
        undo(store, todo, count);
    if (fault == SQLITE_FAULT_LOST)
        return ENGINE_THREAD_LOST;
    if (fault == SQLITE_FAULT_FULL)
        return sqlite_full_begin(store);
    sqlite_full_end(store);
    sqlite_room_look(store);
    answer(todo, answered, count);
    return 0;
}

/* Backups are made one after the other, beside all else. */
static void take_backups(struct sqlite_store *store, struct store_ops *todo)
{
    struct store_op *op;
    while ((op = STAILQ_FIRST(todo)) && op->kind == STORE_BACKUP) {
        STAILQ_REMOVE_HEAD(todo, link);
        STAILQ_INSERT_TAIL(&store->backups, op, link);
    }
}

/* False: there is none. */
static bool step_backup(struct sqlite_store *store, struct store_ops *answered)
{
    struct store_op *op = STAILQ_FIRST(&store->backups);
    if (!op)
        return false;
    if (!store->backup)
        store->backup = sqlite_backup_new(store, op);
    if (!sqlite_backup_step(store->backup))
        return true;
    store->backup = NULL;
    STAILQ_REMOVE_HEAD(&store->backups, link);
    STAILQ_INSERT_TAIL(answered, op, link);
    return true;
}

static uint32_t turn(struct sqlite_store *store, struct store_ops *todo, struct store_ops *answered)
{
    uint32_t pause_ms;
    take_backups(store, todo);
    if (sqlite_wal_is_long(store))
        sqlite_wal_checkpoint(store);
    if (store->db.fault)
        return ENGINE_THREAD_LOST;
    bool is_copying = step_backup(store, answered);
    if (!STAILQ_EMPTY(todo))
        pause_ms = do_batch(store, todo, answered);
    else if (!is_copying)
        pause_ms = sqlite_idle_turn(store);
    else
        pause_ms = 0;
    return pause_ms;
}

uint32_t sqlite_batch_turn(void *arg, struct store_ops *todo, struct store_ops *answered, char *why,
                           size_t why_size)
{
    struct sqlite_store *store = arg;
    uint32_t pause_ms = turn(store, todo, answered);
    if (pause_ms == ENGINE_THREAD_LOST)
        snprintf(why, why_size, "%s", store->db.why);
    return pause_ms;
}
