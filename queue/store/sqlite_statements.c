/*
 * sqlite_statements: see sqlite_statements.h.
 *
 * A state stands as a number in these texts, as in the conditions of the indexes: SQLite uses such
 * an index only for a condition that it can read. Parameters are numbered as the columns of
 * sqlite_job.c, so that one function binds them.
 */
#include "queue/store/sqlite_statements.h"

#define COLUMNS                                                                      \
    "seq, state, cancelled, attempt, failures, losses, due, expires, module, owner," \
    " id, context, key, digest, rank, retry_on, detached, usage, retries,"           \
    " retry_delay, timeout, soft_timeout, max_wait, ttl, submitted, input_size,"     \
    " result_size, done, reason, fields, ended, over"

/* The run of a job, in the order of sqlite_job_bind_run(). */
#define RUN                                                                           \
    "state = ?2, cancelled = ?3, attempt = ?4, failures = ?5, losses = ?6, due = ?7," \
    " expires = ?8"

const char *const sqlite_statement_texts[SQL_STATEMENTS] = {
    [SQL_BEGIN] = "BEGIN",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_SET_NEXT] = "UPDATE meta SET next_seq = ?1",
    [SQL_GET_NEXT] = "SELECT next_seq FROM meta",
    [SQL_COUNT] = "SELECT state, module, owner FROM job",
    [SQL_PAUSED] = "SELECT module FROM pause",
    [SQL_FIND_KEY] = "SELECT seq, digest, input_size FROM job"
                     " WHERE owner = ?1 AND module = ?2 AND key = ?3 AND (state < 3 OR done = 1)",
    [SQL_PUT] = "INSERT INTO job (" COLUMNS ") VALUES"
                " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
                " ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, 0, 0, NULL, NULL, 0, 0)",
    [SQL_LOAD] = "SELECT " COLUMNS " FROM job WHERE seq = ?1",
    [SQL_TAKE] = "SELECT " COLUMNS " FROM job WHERE state = 0 AND module = ?1"
                 " AND (rank, seq) > (?2, ?3) ORDER BY rank, seq LIMIT ?4",
    [SQL_SET_RUN] = "UPDATE job SET " RUN " WHERE seq = ?1 AND state BETWEEN ?9 AND ?10",
    [SQL_END] = "UPDATE job SET " RUN ", done = ?9, reason = ?10, fields = ?11, ended = ?12,"
                " over = ?13, result_size = ?14 WHERE seq = ?1 AND state < 3",
    [SQL_PUT_INPUT] = "INSERT INTO input (seq, data) VALUES (?1, ?2)",
    [SQL_PUT_RESULT] = "INSERT INTO result (seq, data) VALUES (?1, ?2)",
    [SQL_READ_INPUT] = "SELECT data FROM input WHERE seq = ?1",
    [SQL_READ_RESULT] = "SELECT data FROM result WHERE seq = ?1",
    [SQL_DROP_INPUT] = "DELETE FROM input WHERE seq = ?1",
    [SQL_DROP_RESULT] = "DELETE FROM result WHERE seq = ?1",
};
