/* sqlite_remove: outcomes that go: forgotten, or kept for long enough. */
#include "queue/store/sqlite_internal.h"

/* `job` needs its number, its run, and the sizes of its bodies. */
static void remove_job(struct sqlite_store *store, const struct stored_job *job)
{
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_REMOVE);
    sqlite_db_bind(sql, 1, job->seq);
    sqlite_db_run(&store->db, sql);
    if (!job->outcome.is_done) /* a done one has lost its input already */
        sqlite_body_drop(store, sqlite_body_input(job->seq), job->input.size);
    sqlite_body_drop(store, sqlite_body_result(job->seq, job->run.attempt), job->result.size);
}

void sqlite_remove_forget(struct sqlite_store *store, struct store_op *op)
{
    struct stored_job job = sqlite_read_look(store, op->job->seq);
    if (job.run.state == STORED_ENDED)
        remove_job(store, &job);
    else
        op->status = STORE_UNKNOWN;
}

void sqlite_remove_sweep(struct sqlite_store *store, struct store_op *op)
{
    const struct store_row *row;
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_OVER);
    sqlite_db_bind(sql, 1, op->now_ms);
    sqlite_db_bind(sql, 4, op->max + 1);
    sqlite_read_rows(store, op, sql);
    STAILQ_FOREACH (row, &op->rows, link) {
        sqlite_job_expect(&store->db, row->job,
                          row->job->run.state == STORED_ENDED &&
                              row->job->outcome.over_ms <= op->now_ms);
        remove_job(store, row->job);
    }
    op->next_ms = op->is_whole ? sqlite_read_number(store, sqlite_db_use(&store->db, SQL_NEXT_OVER))
                               : op->now_ms;
}
