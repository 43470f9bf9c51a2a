/* sqlite_read: reads jobs: one by its number, the next ones of a module, a list. */
#include "queue/store/sqlite_internal.h"

#include "common/xmalloc.h"

#include <string.h>

enum { LIST_LOOKS_MAX = 10000 }; /* jobs of one page: some milliseconds */

/* A done job is never run again, and has its input no more. */
static void read_input(struct sqlite_store *store, struct stored_job *job)
{
    if (!job->outcome.is_done)
        sqlite_body_read(store, sqlite_body_input(job->seq), &job->input);
}

static void read_result(struct sqlite_store *store, struct stored_job *job)
{
    sqlite_body_read(store, sqlite_body_result(job->seq, job->run.attempt), &job->result);
}

static bool is_meant(const struct store_op *op, const struct stored_body *body)
{
    return !op->only_small || body->size <= STORED_INLINE_MAX;
}

void sqlite_read_load(struct sqlite_store *store, struct store_op *op)
{
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_LOAD);
    sqlite_db_bind(sql, 1, op->seq);
    if (!sqlite_db_row(&store->db, sql)) {
        op->status = STORE_UNKNOWN;
        return;
    }
    op->job = sqlite_job_read(&store->db, sql);
    sqlite_db_rest(sql);
    if (op->with_input && is_meant(op, &op->job->input))
        read_input(store, op->job);
    if (op->with_result && is_meant(op, &op->job->result))
        read_result(store, op->job);
}

struct stored_job sqlite_read_look(struct sqlite_store *store, uint64_t seq)
{
    struct stored_job job = {.seq = seq};
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_LOOK);
    sqlite_db_bind(sql, 1, seq);
    if (sqlite_db_row(&store->db, sql)) {
        job.run.state = (uint8_t)sqlite3_column_int(sql, 0);
        job.outcome.is_done = sqlite3_column_int(sql, 1);
        job.run.attempt = (uint32_t)sqlite3_column_int64(sql, 2);
        job.input.size = (size_t)sqlite3_column_int64(sql, 3);
        job.result.size = (size_t)sqlite3_column_int64(sql, 4);
    }
    sqlite_db_rest(sql);
    return job;
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

static void expect_waiting(struct sqlite_store *store, const struct store_op *op,
                           const struct stored_job *job)
{
    sqlite_job_expect(&store->db, job,
                      job->run.state == STORED_WAITING &&
                          strcmp(job->wish.module, op->module) == 0);
}

void sqlite_read_take(struct sqlite_store *store, struct store_op *op)
{
    sqlite3_stmt *sql = use_take(store, op);
    size_t count = 0, bytes = 0;
    op->is_whole = true;
    while (sqlite_db_row(&store->db, sql)) {
        struct stored_job *job = sqlite_job_read(&store->db, sql);
        expect_waiting(store, op, job);
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

void sqlite_read_rows(struct sqlite_store *store, struct store_op *op, sqlite3_stmt *sql)
{
    size_t count = 0;
    op->is_whole = true;
    while (op->is_whole && sqlite_db_row(&store->db, sql)) {
        if (count++ < op->max)
            add_row(op, sqlite_job_read(&store->db, sql));
        else
            op->is_whole = false;
    }
    sqlite_db_rest(sql);
}

uint64_t sqlite_read_number(struct sqlite_store *store, sqlite3_stmt *sql)
{
    uint64_t number = 0;
    if (sqlite_db_row(&store->db, sql))
        number = (uint64_t)sqlite3_column_int64(sql, 0);
    sqlite_db_rest(sql);
    return number;
}

/* The handed ones are few among many, and looked for alone at the start. */
static sqlite3_stmt *use_list(struct sqlite_store *store, const struct store_op *op)
{
    bool is_handed = op->filter.states == 1u << STORED_HANDED;
    sqlite3_stmt *sql = sqlite_db_use(&store->db, is_handed ? SQL_LIST_HANDED : SQL_LIST);
    sqlite_db_bind(sql, 1, op->behind_seq);
    return sql;
}

void sqlite_read_list(struct sqlite_store *store, struct store_op *op)
{
    sqlite3_stmt *sql = use_list(store, op);
    size_t count = 0;
    op->seq = op->behind_seq; /* for sqlite_batch.c, if this is to be done again */
    op->is_whole = true;
    for (int looks = 0; op->is_whole && sqlite_db_row(&store->db, sql); looks++) {
        bool matches = sqlite_job_matches(sql, &op->filter);
        if (looks == LIST_LOOKS_MAX || (matches && count == op->max)) {
            op->is_whole = false;
            break;
        }
        op->behind_seq = (uint64_t)sqlite3_column_int64(sql, 0);
        if (!matches)
            continue;
        add_row(op, sqlite_job_read(&store->db, sql));
        count++;
    }
    sqlite_db_rest(sql);
}
