/*
 * sqlite_db: the connection to the database, its statements, and the first fault of a transaction.
 *
 * After a fault all further statements do nothing, until the transaction is rolled back. So the
 * operations need not look at each step: the end of the transaction decides.
 */
#ifndef TASKMASTER_QUEUE_STORE_SQLITE_DB_H
#define TASKMASTER_QUEUE_STORE_SQLITE_DB_H

#include "queue/store/settings.h"
#include "queue/store/sqlite_statements.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sqlite_fault {
    SQLITE_FAULT_NONE,
    SQLITE_FAULT_FULL, /* of the disk, or a quota */
    SQLITE_FAULT_LOST, /* the disk, or the database, is broken */
};

struct sqlite_db {
    sqlite3 *handle;
    sqlite3_stmt *statements[SQL_STATEMENTS];
    enum sqlite_fault fault; /* the first one of this transaction */
    bool is_lost;  /* there was a fault for good: nothing more is written, at the end neither */
    char why[200]; /* its message */
};

/* Opens the database, which is an empty file at first, and brings its schema up to date. False
 * after a message in `error`; nothing is left open then. */
bool sqlite_db_open(struct sqlite_db *db, const char *path, enum store_sync sync, char *error,
                    size_t error_size);

/* The two parts of it beside the schema. */
bool sqlite_db_connect(struct sqlite_db *db, const char *path, enum store_sync sync, char *error,
                       size_t error_size);
bool sqlite_db_prepare(struct sqlite_db *db, char *error, size_t error_size);

void sqlite_db_close(struct sqlite_db *db);

/* The close does not move the write-ahead log into the database. */
void sqlite_db_keep_log(struct sqlite_db *db);

/* A statement without values from before. It is free again after sqlite_db_row() was false, after
 * sqlite_db_run() or sqlite_db_rest(). */
sqlite3_stmt *sqlite_db_use(struct sqlite_db *db, enum sqlite_statement statement);
bool sqlite_db_row(struct sqlite_db *db, sqlite3_stmt *sql); /* true: there is one (more) */
void sqlite_db_run(struct sqlite_db *db, sqlite3_stmt *sql); /* the number of changed rows */
void sqlite_db_rest(sqlite3_stmt *sql);

/* The rows that the last sqlite_db_run() changed; 0 after a fault. */
uint64_t sqlite_db_changes(const struct sqlite_db *db);

/* Something in the store is not as it was written. */
void sqlite_db_note_broken(struct sqlite_db *db, const char *what);

/* A fault beside the database: errno of a file. */
void sqlite_db_note(struct sqlite_db *db, const char *file, int error);

/* Values. Texts and bytes are borrowed until the statement is free again; NULL is NULL. */
void sqlite_db_bind(sqlite3_stmt *sql, int at, uint64_t value);
void sqlite_db_bind_text(sqlite3_stmt *sql, int at, const char *text);
void sqlite_db_bind_bytes(sqlite3_stmt *sql, int at, const void *bytes, size_t size);

/* Moves the write-ahead log into the database. A full disk is no fault: the log grows then. */
void sqlite_db_checkpoint(struct sqlite_db *db);

void sqlite_db_begin(struct sqlite_db *db);
void sqlite_db_commit(struct sqlite_db *db);
/* Undoes the transaction. The fault is forgotten; its message stays. */
void sqlite_db_rollback(struct sqlite_db *db);

#endif
