/* sqlite_change: a job goes from one state to another. */
#include "queue/store/sqlite_internal.h"

#include "base/payload.h"
#include "queue/store/stored_sum.h"

static void note_change(struct sqlite_store *store, struct store_op *op)
{
    op->status = sqlite_db_changes(&store->db) ? STORE_OK : STORE_UNKNOWN;
}

/* Writes the run, if the job is in a state from `first` to `last`. */
static void set_run(struct sqlite_store *store, struct store_op *op, enum stored_state first,
                    enum stored_state last)
{
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_SET_RUN);
    sqlite_job_bind_run(sql, op->job);
    sqlite_db_bind(sql, 10, first);
    sqlite_db_bind(sql, 11, last);
    sqlite_db_run(&store->db, sql);
    note_change(store, op);
}

void sqlite_change_handed(struct sqlite_store *store, struct store_op *op)
{
    set_run(store, op, STORED_WAITING, STORED_WAITING);
}

void sqlite_change_back(struct sqlite_store *store, struct store_op *op)
{
    set_run(store, op, STORED_WAITING, STORED_HANDED);
}

static void set_ended(struct sqlite_store *store, struct store_op *op)
{
    const struct stored_outcome *outcome = &op->job->outcome;
    const struct stored_body *result = &op->job->result;
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_END);
    sqlite_job_bind_run(sql, op->job);
    sqlite_db_bind(sql, 10, outcome->is_done);
    sqlite_db_bind_text(sql, 11, outcome->reason);
    sqlite_db_bind_text(sql, 12, outcome->fields);
    sqlite_db_bind(sql, 13, outcome->ended_ms);
    sqlite_db_bind(sql, 14, outcome->over_ms);
    sqlite_db_bind(sql, 15, stored_sum_outcome(op->job));
    sqlite_db_bind(sql, 16, result->size);
    sqlite_db_bind(sql, 17, result->sum);
    sqlite_db_run(&store->db, sql);
    note_change(store, op);
}

void sqlite_change_ended(struct sqlite_store *store, struct store_op *op)
{
    struct stored_job *job = op->job;
    job->result.size = job->result.payload ? job->result.payload->size : 0;
    job->result.sum = stored_sum_body(job->seq, true, &job->result);
    set_ended(store, op);
    if (op->status != STORE_OK)
        return;
    sqlite_body_write(store, sqlite_body_result(job->seq, job->run.attempt), job->result.payload);
    if (job->outcome.is_done) /* a failed one may be run again */
        sqlite_body_drop(store, sqlite_body_input(job->seq), job->input.size);
}

void sqlite_change_again(struct sqlite_store *store, struct store_op *op)
{
    uint64_t seq = op->job->seq;
    struct stored_job ended = sqlite_read_look(store, seq);
    if (ended.run.state != STORED_ENDED || ended.outcome.is_done) {
        op->status = STORE_UNKNOWN;
        return;
    }
    if (sqlite_put_finds_key(store, op)) {
        op->status = STORE_CONFLICT;
        return;
    }
    sqlite_body_drop(store, sqlite_body_result(seq, ended.run.attempt), ended.result.size);
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_AGAIN);
    sqlite_job_bind_run(sql, op->job);
    sqlite_db_run(&store->db, sql);
}

void sqlite_change_mark(struct sqlite_store *store, struct store_op *op)
{
    const struct stored_job *job = op->job;
    bool is_ended = job->outcome.over_ms;
    sqlite3_stmt *sql = sqlite_db_use(&store->db, is_ended ? SQL_MARK_OVER : SQL_MARK_CANCELLED);
    sqlite_db_bind(sql, 1, job->seq);
    sqlite_db_bind(sql, 2, is_ended ? job->outcome.over_ms : job->run.is_cancelled);
    sqlite_db_run(&store->db, sql);
    note_change(store, op);
}

void sqlite_change_pause(struct sqlite_store *store, struct store_op *op)
{
    sqlite3_stmt *sql = sqlite_db_use(&store->db, op->on ? SQL_PAUSE : SQL_RESUME);
    sqlite_db_bind_text(sql, 1, op->module ? op->module : "");
    sqlite_db_run(&store->db, sql);
}
