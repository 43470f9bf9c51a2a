/*
 * sqlite_statements: see sqlite_statements.h.
 *
 * A state stands as a number in these texts, as in the conditions of the indexes: SQLite uses such
 * an index only for a condition that it can read. Parameters are numbered as the columns of
 * sqlite_job.c, so that one function binds them. A statement that changes one member of a sum alone
 * adds the difference (stored_sum.h).
 */
#include "queue/store/sqlite_statements.h"

#define COLUMNS                                                                               \
    "seq, state, cancelled, attempt, failures, losses, due, expires, run_sum, module, owner," \
    " id, context, key, digest, rank, retry_on, detached, usage, retries,"                    \
    " retry_delay, timeout, soft_timeout, max_wait, ttl, submitted, input_size,"              \
    " input_sum, wish_sum, result_size, result_sum, done, reason, fields, ended, over, "      \
    "outcome_sum"

/* The run of a job, in the order of sqlite_job_bind_run(). */
#define RUN                                                                           \
    "state = ?2, cancelled = ?3, attempt = ?4, failures = ?5, losses = ?6, due = ?7," \
    " expires = ?8, run_sum = ?9"

#define RANGE " seq > ?2 AND seq <= ?3"

const char *const sqlite_statement_texts[SQL_STATEMENTS] = {
    [SQL_BEGIN] = "BEGIN",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_SET_NEXT] = "UPDATE meta SET next_seq = ?1",
    [SQL_GET_NEXT] = "SELECT next_seq FROM meta",
    [SQL_PAGES] = "PRAGMA page_count",
    [SQL_FREE_PAGES] = "PRAGMA freelist_count",
    [SQL_SHRINK] = "PRAGMA incremental_vacuum(256)", /* pages */
    [SQL_PAUSED] = "SELECT module FROM pause ORDER BY module",
    [SQL_FIND_KEY] = "SELECT " COLUMNS " FROM job INDEXED BY job_key"
                     " WHERE owner = ?1 AND module = ?2 AND key = ?3 AND (state < 3 OR done = 1)",
    [SQL_DETACH] = "UPDATE job SET detached = 1, wish_sum = wish_sum + 1"
                   " WHERE seq = ?1 AND detached = 0",
    [SQL_PUT] =
        "INSERT INTO job (" COLUMNS ") VALUES"
        " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
        " ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, 0, 0, 0, NULL, NULL, 0, 0, 0)",
    [SQL_LOAD] = "SELECT " COLUMNS " FROM job WHERE seq = ?1",
    [SQL_TAKE] = "SELECT " COLUMNS " FROM job INDEXED BY job_waiting"
                 " WHERE state = 0 AND module = ?1 AND rank = ?2 AND seq > ?3"
                 " UNION ALL SELECT " COLUMNS " FROM job INDEXED BY job_waiting"
                 " WHERE state = 0 AND module = ?1 AND rank > ?2 ORDER BY rank, seq LIMIT ?4",
    [SQL_SET_RUN] = "UPDATE job SET " RUN " WHERE seq = ?1 AND state BETWEEN ?10 AND ?11",
    [SQL_END] = "UPDATE job SET " RUN ", done = ?10, reason = ?11, fields = ?12, ended = ?13,"
                " over = ?14, outcome_sum = ?15, result_size = ?16, result_sum = ?17"
                " WHERE seq = ?1 AND state < 3",
    [SQL_AGAIN] = "UPDATE job SET " RUN ", reason = NULL, fields = NULL, ended = 0, over = 0,"
                  " outcome_sum = 0, result_size = 0, result_sum = 0 WHERE seq = ?1",
    [SQL_MARK_CANCELLED] = "UPDATE job SET cancelled = ?2,"
                           " run_sum = run_sum + 4 * (?2 - cancelled)"
                           " WHERE seq = ?1 AND state < 3",
    [SQL_MARK_OVER] = "UPDATE job SET over = ?2, outcome_sum = outcome_sum + ?2 - over"
                      " WHERE seq = ?1 AND state = 3 AND key IS NULL AND over > ?2",
    [SQL_LOOK] = "SELECT state, done, attempt, input_size, result_size FROM job WHERE seq = ?1",
    [SQL_REMOVE] = "DELETE FROM job WHERE seq = ?1",
    [SQL_OVER] =
        "SELECT " COLUMNS
        " FROM job INDEXED BY job_over WHERE state = 3 AND over <= ?1 ORDER BY over LIMIT ?4",
    [SQL_NEXT_OVER] =
        "SELECT over FROM job INDEXED BY job_over WHERE state = 3 ORDER BY over LIMIT 1",
    [SQL_DUE] =
        "SELECT " COLUMNS " FROM job INDEXED BY job_due WHERE state = 1 AND due <= ?1 AND" RANGE
        " ORDER BY due LIMIT ?4",
    [SQL_RIPEN] = "UPDATE job SET state = 0, run_sum = run_sum - state WHERE seq = ?1",
    [SQL_NEXT_DUE] = "SELECT due," RANGE " FROM job INDEXED BY job_due"
                     " WHERE state = 1 AND due > ?1 ORDER BY due LIMIT 1000",
    [SQL_EXPIRED] =
        "SELECT " COLUMNS " FROM job INDEXED BY job_expires WHERE state < 2 AND expires > 0"
        " AND expires <= ?1 AND" RANGE " ORDER BY expires LIMIT ?4",
    [SQL_NEXT_EXPIRED] = "SELECT expires," RANGE " FROM job INDEXED BY job_expires"
                         " WHERE state < 2 AND expires > 0 AND expires > ?1"
                         " ORDER BY expires LIMIT 1000",
    [SQL_LIST] = "SELECT " COLUMNS " FROM job WHERE seq > ?1 ORDER BY seq",
    [SQL_LIST_HANDED] = "SELECT " COLUMNS " FROM job INDEXED BY job_handed"
                        " WHERE state = 2 AND seq > ?1 ORDER BY seq",
    [SQL_PAUSE] = "INSERT OR IGNORE INTO pause (module) VALUES (?1)",
    [SQL_RESUME] = "DELETE FROM pause WHERE module = ?1",
    [SQL_PUT_INPUT] = "INSERT INTO input (seq, data) VALUES (?1, ?2)",
    [SQL_PUT_RESULT] = "INSERT INTO result (seq, data) VALUES (?1, ?2)",
    [SQL_READ_INPUT] = "SELECT data FROM input WHERE seq = ?1",
    [SQL_READ_RESULT] = "SELECT data FROM result WHERE seq = ?1",
    [SQL_DROP_INPUT] = "DELETE FROM input WHERE seq = ?1",
    [SQL_DROP_RESULT] = "DELETE FROM result WHERE seq = ?1",
};
