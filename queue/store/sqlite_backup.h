/*
 * sqlite_backup: a consistent copy of the store, made in steps between the transactions.
 *
 * SQLite copies the database page by page. What is written meanwhile by the same connection goes
 * into the copy, too. So the copy is of the moment when its last page is written. Files are never
 * changed, and none is removed while a backup is made: they are copied then. All is done in a
 * directory with the end .part, and renamed at last.
 */
#ifndef TASKMASTER_QUEUE_STORE_SQLITE_BACKUP_H
#define TASKMASTER_QUEUE_STORE_SQLITE_BACKUP_H

#include "queue/store/engine.h"

struct sqlite_backup;
struct sqlite_store;

struct sqlite_backup *sqlite_backup_new(struct sqlite_store *store, struct store_op *op);

/* One step. True when it has ended, well or not: its result is in the operation, and the backup is
 * freed. */
bool sqlite_backup_step(struct sqlite_backup *backup);

#endif
