/*
 * sqlite_schema: the tables, and how older ones become today's.
 *
 * PRAGMA user_version is the number of migrations that a database has seen. A release never changes
 * a migration of an older one: it adds one at the end.
 */
#ifndef TASKMASTER_QUEUE_STORE_SQLITE_SCHEMA_H
#define TASKMASTER_QUEUE_STORE_SQLITE_SCHEMA_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

/* Runs the missing migrations, in one transaction. False after a message in `error`: a newer
 * release made this database, or it is none of ours. */
bool sqlite_schema_upgrade(sqlite3 *handle, char *error, size_t error_size);

/* The schema's number: 0 for an empty database, -1 after a message in `error`. */
int sqlite_schema_version(sqlite3 *handle, char *error, size_t error_size);

/* The number of today's schema. */
int sqlite_schema_newest(void);

#endif
