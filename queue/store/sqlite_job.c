/* sqlite_job: a job as a row of the table `job`. */
#include "queue/store/sqlite_internal.h"

#include "queue/store/stored_sum.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The columns as SQL_LOAD and SQL_TAKE read them; the value of a column has its number plus one. */
enum column {
    SEQ,
    STATE,
    CANCELLED,
    ATTEMPT,
    FAILURES,
    LOSSES,
    DUE,
    EXPIRES,
    RUN_SUM,
    MODULE,
    OWNER,
    ID,
    CONTEXT,
    KEY,
    DIGEST,
    RANK,
    RETRY_ON,
    DETACHED,
    USAGE,
    RETRIES,
    RETRY_DELAY,
    TIMEOUT,
    SOFT_TIMEOUT,
    MAX_WAIT,
    TTL,
    SUBMITTED,
    INPUT_SIZE,
    INPUT_SUM,
    WISH_SUM,
    RESULT_SIZE,
    RESULT_SUM,
    DONE,
    REASON,
    FIELDS,
    ENDED,
    OVER,
    OUTCOME_SUM,
};

enum { LOWEST_PRIORITY_RANK = 9 };

/* --- writing --- */

static void put(sqlite3_stmt *sql, enum column column, uint64_t value)
{
    sqlite_db_bind(sql, (int)column + 1, value);
}

static void bind_text(sqlite3_stmt *sql, enum column column, const char *text)
{
    sqlite_db_bind_text(sql, (int)column + 1, text);
}

void sqlite_job_bind_run(sqlite3_stmt *sql, const struct stored_job *job)
{
    const struct stored_run *run = &job->run;
    put(sql, SEQ, job->seq);
    put(sql, STATE, run->state);
    put(sql, CANCELLED, run->is_cancelled);
    put(sql, ATTEMPT, run->attempt);
    put(sql, FAILURES, run->failures);
    put(sql, LOSSES, run->losses);
    put(sql, DUE, run->due_ms);
    put(sql, EXPIRES, run->expires_ms);
    put(sql, RUN_SUM, stored_sum_run(job));
}

static void bind_texts(sqlite3_stmt *sql, const struct stored_wish *wish)
{
    bind_text(sql, MODULE, wish->module);
    bind_text(sql, OWNER, wish->owner);
    bind_text(sql, ID, wish->id);
    bind_text(sql, CONTEXT, wish->context);
    bind_text(sql, KEY, wish->key);
    sqlite_db_bind_bytes(sql, DIGEST + 1, wish->key ? wish->digest : NULL, STORED_DIGEST);
}

static void bind_numbers(sqlite3_stmt *sql, const struct stored_wish *wish)
{
    put(sql, RANK, (uint64_t)(LOWEST_PRIORITY_RANK - wish->priority));
    put(sql, RETRY_ON, wish->retry_on);
    put(sql, DETACHED, wish->is_detached);
    put(sql, USAGE, wish->wants_usage);
    put(sql, RETRIES, wish->retries);
    put(sql, RETRY_DELAY, wish->retry_delay_ms);
    put(sql, TIMEOUT, wish->timeout_ms);
    put(sql, SOFT_TIMEOUT, wish->soft_timeout_ms);
    put(sql, MAX_WAIT, wish->max_wait_ms);
    put(sql, TTL, wish->ttl_ms);
    put(sql, SUBMITTED, wish->submitted_ms);
}

void sqlite_job_bind(sqlite3_stmt *sql, const struct stored_job *job)
{
    sqlite_job_bind_run(sql, job);
    bind_texts(sql, &job->wish);
    bind_numbers(sql, &job->wish);
    put(sql, INPUT_SIZE, job->input.size);
    put(sql, INPUT_SUM, job->input.sum);
    put(sql, WISH_SUM, stored_sum_wish(job));
}

/* --- reading --- */

static uint64_t number(sqlite3_stmt *sql, enum column column)
{
    return (uint64_t)sqlite3_column_int64(sql, (int)column);
}

static uint32_t small(sqlite3_stmt *sql, enum column column)
{
    return (uint32_t)number(sql, column);
}

static const char *text(sqlite3_stmt *sql, enum column column)
{
    return (const char *)sqlite3_column_text(sql, (int)column);
}

/* The texts are borrowed until the next step of the statement. */
static struct stored_wish read_wish(sqlite3_stmt *sql)
{
    return (struct stored_wish){
        .module = text(sql, MODULE),
        .owner = text(sql, OWNER),
        .id = text(sql, ID),
        .context = text(sql, CONTEXT),
        .key = text(sql, KEY),
        .priority = (uint8_t)(LOWEST_PRIORITY_RANK - number(sql, RANK)),
        .retry_on = (uint8_t)number(sql, RETRY_ON),
        .is_detached = number(sql, DETACHED),
        .wants_usage = number(sql, USAGE),
        .retries = small(sql, RETRIES),
        .retry_delay_ms = small(sql, RETRY_DELAY),
        .timeout_ms = small(sql, TIMEOUT),
        .soft_timeout_ms = small(sql, SOFT_TIMEOUT),
        .max_wait_ms = number(sql, MAX_WAIT),
        .ttl_ms = number(sql, TTL),
        .submitted_ms = number(sql, SUBMITTED),
    };
}

static struct stored_run read_run(sqlite3_stmt *sql)
{
    return (struct stored_run){
        .state = (uint8_t)number(sql, STATE),
        .is_cancelled = number(sql, CANCELLED),
        .attempt = small(sql, ATTEMPT),
        .failures = small(sql, FAILURES),
        .losses = small(sql, LOSSES),
        .due_ms = number(sql, DUE),
        .expires_ms = number(sql, EXPIRES),
    };
}

static void read_outcome(sqlite3_stmt *sql, struct stored_job *job)
{
    struct stored_outcome outcome = {
        .is_done = number(sql, DONE),
        .reason = text(sql, REASON),
        .fields = text(sql, FIELDS),
        .ended_ms = number(sql, ENDED),
        .over_ms = number(sql, OVER),
    };
    if (job->run.state == STORED_ENDED)
        stored_job_set_outcome(job, &outcome);
}

static void read_digest(sqlite3_stmt *sql, struct stored_job *job)
{
    const void *digest = sqlite3_column_blob(sql, DIGEST);
    if (digest && sqlite3_column_bytes(sql, DIGEST) == STORED_DIGEST)
        memcpy(job->wish.digest, digest, STORED_DIGEST);
}

/* A flipped bit of the disk may make any column NULL, or any number another one. */
static bool is_readable(sqlite3_stmt *sql)
{
    return text(sql, MODULE) && text(sql, OWNER) && text(sql, ID) &&
           number(sql, STATE) < STORED_STATES && number(sql, RANK) <= LOWEST_PRIORITY_RANK;
}

static void read_bodies(sqlite3_stmt *sql, struct stored_job *job)
{
    job->input.size = number(sql, INPUT_SIZE);
    job->input.sum = number(sql, INPUT_SUM);
    job->result.size = number(sql, RESULT_SIZE);
    job->result.sum = number(sql, RESULT_SUM);
}

static bool has_its_sums(sqlite3_stmt *sql, const struct stored_job *job)
{
    return stored_sum_wish(job) == number(sql, WISH_SUM) &&
           stored_sum_run(job) == number(sql, RUN_SUM) &&
           stored_sum_outcome(job) == number(sql, OUTCOME_SUM);
}

struct stored_job *sqlite_job_try(sqlite3_stmt *sql, bool *is_sound)
{
    static const struct stored_wish none = {.module = "", .owner = "", .id = ""};
    bool can_be_read = is_readable(sql);
    const struct stored_wish wish = can_be_read ? read_wish(sql) : none;
    struct stored_job *job = stored_job_new(&wish);
    job->seq = number(sql, SEQ);
    job->run = read_run(sql);
    read_bodies(sql, job);
    read_digest(sql, job);
    read_outcome(sql, job);
    *is_sound = can_be_read && has_its_sums(sql, job);
    return job;
}

void sqlite_job_expect(struct sqlite_db *db, const struct stored_job *job, bool is_so)
{
    char name[32];
    if (is_so)
        return;
    snprintf(name, sizeof name, "job q%" PRIu64, job->seq);
    sqlite_db_note_broken(db, name);
}

struct stored_job *sqlite_job_read(struct sqlite_db *db, sqlite3_stmt *sql)
{
    bool is_sound;
    struct stored_job *job = sqlite_job_try(sql, &is_sound);
    sqlite_job_expect(db, job, is_sound);
    return job;
}

static bool is_text(sqlite3_stmt *sql, enum column column, const char *wanted)
{
    const char *is = wanted ? text(sql, column) : NULL;
    return !wanted || (is && strcmp(is, wanted) == 0);
}

bool sqlite_job_matches(sqlite3_stmt *sql, const struct store_filter *filter)
{
    return (!filter->states || filter->states & 1u << number(sql, STATE)) &&
           is_text(sql, MODULE, filter->module) && is_text(sql, OWNER, filter->owner) &&
           is_text(sql, REASON, filter->reason);
}
