/* sqlite_change: a job goes from one state to another. */
#include "queue/store/sqlite_internal.h"

#include "base/payload.h"

/* Writes the run, if the job is in a state from `first` to `last`. */
static void set_run(struct sqlite_store *store, struct store_op *op, enum stored_state first,
                    enum stored_state last)
{
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_SET_RUN);
    sqlite_job_bind_run(sql, op->job);
    sqlite_db_bind(sql, 9, first);
    sqlite_db_bind(sql, 10, last);
    sqlite_db_run(&store->db, sql);
    op->status = sqlite_db_changes(&store->db) ? STORE_OK : STORE_UNKNOWN;
}

void sqlite_change_handed(struct sqlite_store *store, struct store_op *op)
{
    set_run(store, op, STORED_WAITING, STORED_WAITING);
}

void sqlite_change_back(struct sqlite_store *store, struct store_op *op)
{
    set_run(store, op, STORED_HANDED, STORED_HANDED);
}

static void set_ended(struct sqlite_store *store, struct store_op *op)
{
    const struct stored_outcome *outcome = &op->job->outcome;
    const struct payload *result = op->job->result.payload;
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_END);
    sqlite_job_bind_run(sql, op->job);
    sqlite_db_bind(sql, 9, outcome->is_done);
    sqlite_db_bind_text(sql, 10, outcome->reason);
    sqlite_db_bind_text(sql, 11, outcome->fields);
    sqlite_db_bind(sql, 12, outcome->ended_ms);
    sqlite_db_bind(sql, 13, outcome->over_ms);
    sqlite_db_bind(sql, 14, result ? result->size : 0);
    sqlite_db_run(&store->db, sql);
    op->status = sqlite_db_changes(&store->db) ? STORE_OK : STORE_UNKNOWN;
}

void sqlite_change_ended(struct sqlite_store *store, struct store_op *op)
{
    const struct stored_job *job = op->job;
    set_ended(store, op);
    if (op->status != STORE_OK)
        return;
    sqlite_body_write(
        store, &(struct body_name){.seq = job->seq, .is_result = true, .attempt = job->run.attempt},
        job->result.payload);
    if (job->outcome.is_done) /* a failed one may be run again */
        sqlite_body_drop(store, &(struct body_name){.seq = job->seq}, job->input.size);
}
