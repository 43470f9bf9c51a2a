/* sqlite_db: see sqlite_db.h. */
#include "queue/store/sqlite_db.h"

#include "common/log.h"
#include "queue/store/sqlite_schema.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- faults --- */

static enum sqlite_fault fault_of(int code, int error)
{
    bool is_full = (code & 0xff) == SQLITE_FULL || error == ENOSPC || error == EDQUOT;
    return is_full ? SQLITE_FAULT_FULL : SQLITE_FAULT_LOST;
}

static void note_fault(struct sqlite_db *db, enum sqlite_fault fault)
{
    db->fault = fault;
    db->is_lost |= fault == SQLITE_FAULT_LOST;
}

static void note_code(struct sqlite_db *db, int code)
{
    int error = (code & 0xff) == SQLITE_IOERR ? sqlite3_system_errno(db->handle) : 0;
    if (db->fault)
        return;
    note_fault(db, fault_of(code, error));
    snprintf(db->why, sizeof db->why, "%s%s%s", sqlite3_errmsg(db->handle), error ? ": " : "",
             error ? strerror(error) : "");
}

void sqlite_db_note(struct sqlite_db *db, const char *file, int error)
{
    if (db->fault)
        return;
    note_fault(db, fault_of(0, error));
    snprintf(db->why, sizeof db->why, "%s: %s", file, strerror(error));
}

void sqlite_db_note_broken(struct sqlite_db *db, const char *what)
{
    if (db->fault)
        return;
    note_fault(db, SQLITE_FAULT_LOST);
    snprintf(db->why, sizeof db->why, "%s is not as it was written", what);
}

/* --- statements --- */

sqlite3_stmt *sqlite_db_use(struct sqlite_db *db, enum sqlite_statement statement)
{
    return db->statements[statement];
}

bool sqlite_db_row(struct sqlite_db *db, sqlite3_stmt *sql)
{
    int code = db->fault ? SQLITE_DONE : sqlite3_step(sql);
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        note_code(db, code);
    sqlite3_reset(sql);
    return false;
}

void sqlite_db_run(struct sqlite_db *db, sqlite3_stmt *sql)
{
    while (sqlite_db_row(db, sql))
        ;
}

void sqlite_db_rest(sqlite3_stmt *sql)
{
    sqlite3_reset(sql);
}

uint64_t sqlite_db_changes(const struct sqlite_db *db)
{
    return db->fault ? 0 : (uint64_t)sqlite3_changes64(db->handle);
}

void sqlite_db_bind(sqlite3_stmt *sql, int at, uint64_t value)
{
    bug_on(sqlite3_bind_int64(sql, at, (sqlite3_int64)value) != SQLITE_OK);
}

void sqlite_db_bind_text(sqlite3_stmt *sql, int at, const char *text)
{
    bug_on(sqlite3_bind_text(sql, at, text, -1, SQLITE_STATIC) != SQLITE_OK);
}

void sqlite_db_bind_bytes(sqlite3_stmt *sql, int at, const void *bytes, size_t size)
{
    bug_on(sqlite3_bind_blob64(sql, at, bytes, size, SQLITE_STATIC) != SQLITE_OK);
}

/* --- transactions --- */

void sqlite_db_begin(struct sqlite_db *db)
{
    sqlite_db_run(db, sqlite_db_use(db, SQL_BEGIN));
}

void sqlite_db_commit(struct sqlite_db *db)
{
    sqlite_db_run(db, sqlite_db_use(db, SQL_COMMIT));
}

void sqlite_db_rollback(struct sqlite_db *db)
{
    db->fault = SQLITE_FAULT_NONE;
    if (!sqlite3_get_autocommit(db->handle)) /* some faults have undone it already */
        sqlite_db_run(db, sqlite_db_use(db, SQL_ROLLBACK));
}

void sqlite_db_checkpoint(struct sqlite_db *db)
{
    int code = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (code == SQLITE_OK)
        return;
    note_code(db, code);
    if (db->fault == SQLITE_FAULT_FULL)
        db->fault = SQLITE_FAULT_NONE;
}

/* --- life --- */

static const char *const sync_pragmas[] = {
    [STORE_SYNC_FULL] = "PRAGMA synchronous = FULL",
    [STORE_SYNC_NORMAL] = "PRAGMA synchronous = NORMAL",
    [STORE_SYNC_OFF] = "PRAGMA synchronous = OFF",
};

/* One connection, and nobody else's: then the index of the log is memory of this process, and there
 * is no race at the log's reset. The log's limit is twice the length that sqlite_wal.c lets grow.
 */
static const char pragmas[] = "PRAGMA locking_mode = EXCLUSIVE;"
                              "PRAGMA page_size = 4096;"
                              "PRAGMA auto_vacuum = INCREMENTAL;"
                              "PRAGMA journal_mode = WAL;"
                              "PRAGMA journal_size_limit = 33554432;"
                              "PRAGMA cache_size = -16384;"
                              "PRAGMA temp_store = MEMORY;"
                              "PRAGMA cell_size_check = ON;"
                              "PRAGMA trusted_schema = OFF;";

bool sqlite_db_prepare(struct sqlite_db *db, char *error, size_t error_size)
{
    for (int i = 0; i < SQL_STATEMENTS; i++)
        if (sqlite3_prepare_v3(db->handle, sqlite_statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &db->statements[i], NULL) != SQLITE_OK) {
            snprintf(error, error_size, "%s", sqlite3_errmsg(db->handle));
            return false;
        }
    return true;
}

static int set_up(const struct sqlite_db *db, enum store_sync sync)
{
    int code = sqlite3_exec(db->handle, pragmas, NULL, NULL, NULL);
    return code == SQLITE_OK ? sqlite3_exec(db->handle, sync_pragmas[sync], NULL, NULL, NULL)
                             : code;
}

bool sqlite_db_connect(struct sqlite_db *db, const char *path, enum store_sync sync, char *error,
                       size_t error_size)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    *db = (struct sqlite_db){0};
    int code = sqlite3_open_v2(path, &db->handle, flags, NULL);
    if (code == SQLITE_OK)
        code = set_up(db, sync);
    if (code == SQLITE_OK)
        return true;
    snprintf(error, error_size, "%s",
             db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code));
    sqlite_db_close(db);
    return false;
}

void sqlite_db_keep_log(struct sqlite_db *db)
{
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

bool sqlite_db_open(struct sqlite_db *db, const char *path, enum store_sync sync, char *error,
                    size_t error_size)
{
    if (!sqlite_db_connect(db, path, sync, error, error_size))
        return false;
    if (sqlite_schema_upgrade(db->handle, error, error_size) &&
        sqlite_db_prepare(db, error, error_size))
        return true;
    sqlite_db_close(db);
    return false;
}

/* After a failed write to the disk the next one may succeed, with bytes missing between. So a lost
 * database is left as it is: the next start begins with the log. */
void sqlite_db_close(struct sqlite_db *db)
{
    if (db->is_lost)
        sqlite_db_keep_log(db);
    for (int i = 0; i < SQL_STATEMENTS; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close(db->handle);
    *db = (struct sqlite_db){0};
}
