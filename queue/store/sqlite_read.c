/* sqlite_read: reads jobs: one by its number, the next ones of a module. */
#include "queue/store/sqlite_internal.h"

#include "common/xmalloc.h"

/* A done job is never run again, and has its input no more. */
static void read_input(struct sqlite_store *store, struct stored_job *job)
{
    if (!job->outcome.is_done)
        sqlite_body_read(store, &(struct body_name){.seq = job->seq}, &job->input);
}

static void read_result(struct sqlite_store *store, struct stored_job *job)
{
    sqlite_body_read(
        store, &(struct body_name){.seq = job->seq, .is_result = true, .attempt = job->run.attempt},
        &job->result);
}

void sqlite_read_load(struct sqlite_store *store, struct store_op *op)
{
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_LOAD);
    sqlite_db_bind(sql, 1, op->seq);
    if (!sqlite_db_row(&store->db, sql)) {
        op->status = STORE_UNKNOWN;
        return;
    }
    op->job = sqlite_job_read(sql);
    sqlite_db_rest(sql);
    if (op->with_input)
        read_input(store, op->job);
    if (op->with_result)
        read_result(store, op->job);
}

static void add_row(struct store_op *op, struct stored_job *job)
{
    struct store_row *row = xmalloc(sizeof *row);
    row->job = job;
    STAILQ_INSERT_TAIL(&op->rows, row, link);
}

static sqlite3_stmt *use_take(struct sqlite_store *store, const struct store_op *op)
{
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_TAKE);
    sqlite_db_bind_text(sql, 1, op->module);
    sqlite_db_bind(sql, 2, op->behind_seq ? 9u - op->behind_priority : 0);
    sqlite_db_bind(sql, 3, op->behind_seq);
    sqlite_db_bind(sql, 4, op->max + 1); /* one more tells whether there are more */
    return sql;
}

void sqlite_read_take(struct sqlite_store *store, struct store_op *op)
{
    sqlite3_stmt *sql = use_take(store, op);
    size_t count = 0, bytes = 0;
    op->is_whole = true;
    while (sqlite_db_row(&store->db, sql)) {
        struct stored_job *job = sqlite_job_read(sql);
        if (count == op->max || (count && bytes + job->input.size > op->max_bytes)) {
            op->is_whole = false;
            stored_job_free(job);
            break;
        }
        read_input(store, job);
        bytes += job->input.size;
        count++;
        add_row(op, job);
    }
    sqlite_db_rest(sql);
}
