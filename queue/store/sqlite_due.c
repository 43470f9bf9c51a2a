/* sqlite_due: jobs whose time has come: delayed ones, and those that were to begin before. */
#include "queue/store/sqlite_internal.h"

enum { NEXT_LOOKS = 1000 }; /* also written in sqlite_statements.c */

static sqlite3_stmt *use(struct sqlite_store *store, const struct store_op *op,
                         enum sqlite_statement statement)
{
    sqlite3_stmt *sql = sqlite_db_use(&store->db, statement);
    sqlite_db_bind(sql, 1, op->now_ms);
    sqlite_db_bind(sql, 2, op->behind_seq);
    sqlite_db_bind(sql, 3, op->until_seq ? op->until_seq : INT64_MAX);
    return sql;
}

static void read_due(struct sqlite_store *store, struct store_op *op,
                     enum sqlite_statement statement)
{
    sqlite3_stmt *sql = use(store, op, statement);
    sqlite_db_bind(sql, 4, op->max + 1); /* one more tells whether there are more */
    sqlite_read_rows(store, op, sql);
}

/* Of the times to come, the first one of the range. All others may be of other ranges, and there
 * may be a million: after NEXT_LOOKS of them it is the last one's time, to be looked at again. */
static uint64_t next_of(struct sqlite_store *store, sqlite3_stmt *sql)
{
    uint64_t at_ms = 0;
    bool is_found = false;
    int looks = 0;
    while (!is_found && looks < NEXT_LOOKS && sqlite_db_row(&store->db, sql)) {
        at_ms = (uint64_t)sqlite3_column_int64(sql, 0);
        is_found = sqlite3_column_int(sql, 1);
        looks++;
    }
    sqlite_db_rest(sql);
    return is_found || looks == NEXT_LOOKS ? at_ms : 0;
}

static void set_next(struct sqlite_store *store, struct store_op *op,
                     enum sqlite_statement statement)
{
    op->next_ms = op->is_whole ? next_of(store, use(store, op, statement)) : op->now_ms;
}

void sqlite_due_ripen(struct sqlite_store *store, struct store_op *op)
{
    const struct store_row *row;
    sqlite3_stmt *sql = sqlite_db_use(&store->db, SQL_RIPEN);
    read_due(store, op, SQL_DUE);
    STAILQ_FOREACH (row, &op->rows, link) {
        sqlite_job_expect(&store->db, row->job,
                          row->job->run.state == STORED_DELAYED &&
                              row->job->run.due_ms <= op->now_ms);
        sqlite_db_bind(sql, 1, row->job->seq);
        sqlite_db_run(&store->db, sql);
        row->job->run.state = STORED_WAITING;
    }
    set_next(store, op, SQL_NEXT_DUE);
}

void sqlite_due_expire(struct sqlite_store *store, struct store_op *op)
{
    const struct store_row *row;
    read_due(store, op, SQL_EXPIRED);
    STAILQ_FOREACH (row, &op->rows, link)
        sqlite_job_expect(&store->db, row->job,
                          row->job->run.state <= STORED_DELAYED && row->job->run.expires_ms &&
                              row->job->run.expires_ms <= op->now_ms);
    set_next(store, op, SQL_NEXT_EXPIRED);
}
