/* password_file: reads the password for Redis from a file. */
#ifndef TASKMASTER_QUEUE_REDIS_PASSWORD_FILE_H
#define TASKMASTER_QUEUE_REDIS_PASSWORD_FILE_H

#include "access/token_set.h"
#include "base/file_read.h"

#include <stddef.h>

enum { REDIS_PASSWORD_MAX = 512 }; /* bytes */

/* Adds the password to the empty set: the first line of the file that is no comment, without the
 * blanks around it. Unlike a token it may have any length and any bytes. Returns 0, or -1 with the
 * fault in `error`, without any text of the file. The caller frees the set in both cases. */
int redis_password_read(const char *path, enum file_kind kind, struct token_set *set, char *error,
                        size_t error_size);

#endif
