/*
 * store_dir: the directory of a store: made, looked at, and locked.
 *
 * The lock lies on the directory itself. It goes with the process, whatever becomes of it, and
 * leaves no file behind.
 */
#ifndef TASKMASTER_QUEUE_STORE_STORE_DIR_H
#define TASKMASTER_QUEUE_STORE_STORE_DIR_H

#include "queue/store/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STORE_DIR_RESERVE = 4 << 20 }; /* bytes of the reserve, see below */

struct store_dir {
    int fd; /* -1: not open */
};

/* Opens and locks the directory of store-path. If there is none, it is made and synced. False after
 * a message in `error`: another process has the lock, or the file system keeps no promise. */
bool store_dir_open(struct store_dir *dir, const struct store_settings *settings, char *error,
                    size_t error_size);

/* Likewise, but nothing is made, and any file system will do. */
bool store_dir_open_old(struct store_dir *dir, const struct store_settings *settings, char *error,
                        size_t error_size);

void store_dir_close(struct store_dir *dir);

/* Makes an empty file of this name, for the owner alone, unless there is one. 0, or -1 with errno.
 */
int store_dir_touch(const struct store_dir *dir, const char *name);

/* Bytes of the disk that a user may write, and all of it. Both are 0 if they are unknown. */
void store_dir_room(const struct store_dir *dir, uint64_t *free_bytes, uint64_t *all_bytes);

/* The reserve: bytes of the disk that are given back when others have filled it, so that outcomes
 * can be written and jobs deleted. Making it returns 0, or -1 if there is no room. */
int store_dir_make_reserve(const struct store_dir *dir);
void store_dir_free_reserve(const struct store_dir *dir);

#endif
