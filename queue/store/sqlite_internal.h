/*
 * sqlite_internal: the parts of the engine on SQLite, for queue/store/sqlite_*.c alone. From the
 * start on, all of it is the thread's.
 *
 * The files, each calling only those before it:
 *
 *   sqlite_statements  the SQL
 *   sqlite_schema      tables and migrations
 *   sqlite_db          the connection
 *   sqlite_body        payloads and results, in tables or files
 *   sqlite_job         a job as a row
 *   sqlite_read        reading jobs: one, the next of a module, a list
 *   sqlite_room        what is left of store-max and the disk
 *   sqlite_put         a new job, keys
 *   sqlite_change      a job from one state to another
 *   sqlite_remove      outcomes that go: forgotten, or over
 *   sqlite_due         jobs whose time has come
 *   sqlite_orphans     files without a row
 *   sqlite_sums        all jobs and bodies compared with their sums
 *   sqlite_contents    all jobs counted, at the start
 *   sqlite_wal         the write-ahead log
 *   sqlite_full        the disk is full
 *   sqlite_idle        what is done while nothing is asked
 *   sqlite_backup      a copy of all of it
 *   sqlite_batch       many operations as one transaction
 *   sqlite_store       all of it, opened and closed
 *   sqlite_engine      the table of operations of engine.h
 */
#ifndef TASKMASTER_QUEUE_STORE_SQLITE_INTERNAL_H
#define TASKMASTER_QUEUE_STORE_SQLITE_INTERNAL_H

#include "queue/store/body_files.h"
#include "queue/store/engine.h"
#include "queue/store/sqlite_db.h"
#include "queue/store/store_dir.h"

#include <stdatomic.h>

enum {
    /* of the write-ahead log, before it goes into the database, at most: 16 MB */
    SQLITE_WAL_PAGES = 4000,
};

#define SQLITE_STORE_FILE "queue.db"

struct sqlite_store {
    struct sqlite_db db;
    struct store_dir dir;
    struct body_files files;
    uint64_t next_seq, written_next_seq; /* the second is in the database */
    unsigned wal_pages, wal_limit;
    uint64_t room; /* bytes for new jobs */
    bool is_full;  /* a transaction waits for room */
    bool lacks_reserve, is_idle;
    struct sqlite_backup *backup; /* the one that is made; NULL: none */
    struct store_ops backups;     /* those that wait */
    char *scratch; /* STORED_INLINE_MAX bytes: a body of several parts in one piece */

    /* read by the loop, or set by it */
    _Atomic uint64_t bytes, left, max;
    atomic_bool has_room, is_ending;
};

/* --- sqlite_body --- */

/* The names of a job's bodies. `attempt` is the one that has ended. */
static inline struct body_name sqlite_body_input(uint64_t seq)
{
    return (struct body_name){.seq = seq};
}

static inline struct body_name sqlite_body_result(uint64_t seq, uint32_t attempt)
{
    return (struct body_name){.seq = seq, .is_result = true, .attempt = attempt};
}

/* Faults go to store->db. */
void sqlite_body_write(struct sqlite_store *store, struct body_name name,
                       const struct payload *payload);
/* A body that is not there, or has another sum, is lost. */
void sqlite_body_read(struct sqlite_store *store, struct body_name name, struct stored_body *body);
void sqlite_body_drop(struct sqlite_store *store, struct body_name name, size_t size);

/* --- sqlite_job --- */

/* The values ?1 to ?9 of SQL_SET_RUN, and ?1 to ?29 of SQL_PUT. */
void sqlite_job_bind_run(sqlite3_stmt *sql, const struct stored_job *job);
void sqlite_job_bind(sqlite3_stmt *sql, const struct stored_job *job);

/* The job of this row, without bodies but with their sizes and sums; from malloc(). A broken row is
 * a fault; the second function tells it instead. */
struct stored_job *sqlite_job_read(struct sqlite_db *db, sqlite3_stmt *sql);
struct stored_job *sqlite_job_try(sqlite3_stmt *sql, bool *is_sound);

/* A job that is not what an index says is a fault, too. */
void sqlite_job_expect(struct sqlite_db *db, const struct stored_job *job, bool is_so);

/* Whether the job of this row is one of those. */
bool sqlite_job_matches(sqlite3_stmt *sql, const struct store_filter *filter);

/* --- operations: the result is in `op` --- */

void sqlite_put(struct sqlite_store *store, struct store_op *op);
/* True if another job has the key; op->other is its number then. */
bool sqlite_put_finds_key(struct sqlite_store *store, struct store_op *op);

void sqlite_change_handed(struct sqlite_store *store, struct store_op *op);
void sqlite_change_back(struct sqlite_store *store, struct store_op *op);
void sqlite_change_ended(struct sqlite_store *store, struct store_op *op);

void sqlite_change_again(struct sqlite_store *store, struct store_op *op);
void sqlite_change_mark(struct sqlite_store *store, struct store_op *op);
void sqlite_change_pause(struct sqlite_store *store, struct store_op *op);

void sqlite_read_load(struct sqlite_store *store, struct store_op *op);
void sqlite_read_take(struct sqlite_store *store, struct store_op *op);
void sqlite_read_list(struct sqlite_store *store, struct store_op *op);
/* Adds the jobs of the statement to op->rows, up to op->max of them, and sets op->is_whole. */
void sqlite_read_rows(struct sqlite_store *store, struct store_op *op, sqlite3_stmt *sql);
/* State, attempt, sizes of the bodies, and whether it is done, as the store has them; of an unknown
 * job zeros, which is waiting. */
struct stored_job sqlite_read_look(struct sqlite_store *store, uint64_t seq);
/* The number that the statement reads; 0: no row. */
uint64_t sqlite_read_number(struct sqlite_store *store, sqlite3_stmt *sql);

void sqlite_remove_forget(struct sqlite_store *store, struct store_op *op);
void sqlite_remove_sweep(struct sqlite_store *store, struct store_op *op);

void sqlite_due_ripen(struct sqlite_store *store, struct store_op *op);
void sqlite_due_expire(struct sqlite_store *store, struct store_op *op);

/* --- sqlite_room --- */

void sqlite_room_look(struct sqlite_store *store);
/* Whether a new job with an input of this size finds room; it is counted. */
bool sqlite_room_takes(struct sqlite_store *store, size_t size);

/* --- sqlite_orphans --- */

bool sqlite_orphans_has_row(struct sqlite_store *store, const struct body_name *name);
/* Counts the bytes of all other files. 0, or -1 with errno. */
int sqlite_orphans_remove(struct sqlite_store *store);

/* --- sqlite_sums --- */

typedef void sqlite_sums_tell(void *arg, const char *fault, uint64_t seq);

/* False: there are damaged rows. */
bool sqlite_sums_look(struct sqlite_store *store, sqlite_sums_tell *tell, void *arg);

/* --- sqlite_contents --- */

/* A fault is in store->db. */
void sqlite_contents_read(struct sqlite_store *store, struct store_contents *contents);
void sqlite_contents_free(struct store_contents *contents);

/* --- sqlite_wal --- */

void sqlite_wal_start(struct sqlite_store *store);
bool sqlite_wal_is_long(const struct sqlite_store *store);
void sqlite_wal_checkpoint(struct sqlite_store *store);

/* --- sqlite_full --- */

/* A transaction has found no room, and was undone. In how many ms it is to be tried again;
 * ENGINE_THREAD_LOST after another fault. */
uint32_t sqlite_full_begin(struct sqlite_store *store);
void sqlite_full_end(struct sqlite_store *store);

/* --- sqlite_idle --- */

/* Like an engine_turn(); and something was asked. */
uint32_t sqlite_idle_turn(struct sqlite_store *store);
void sqlite_idle_end(struct sqlite_store *store);

/* --- sqlite_batch --- */

/* An engine_turn() of the store. */
uint32_t sqlite_batch_turn(void *store, struct store_ops *todo, struct store_ops *answered,
                           char *why, size_t why_size);

/* --- sqlite_store --- */

/* False after a message in `error`; nothing is left open then. The contents are for
 * sqlite_contents_free(). */
bool sqlite_store_open(struct sqlite_store *store, const struct store_settings *settings,
                       struct store_contents *contents, char *error, size_t error_size);
void sqlite_store_close(struct sqlite_store *store);

#endif
