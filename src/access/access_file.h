/* access_file: reads named tokens and their rights from a file, a line each: NAME TOKEN RIGHT... */
#ifndef TASKMASTER_ACCESS_ACCESS_FILE_H
#define TASKMASTER_ACCESS_ACCESS_FILE_H

#include "access/token_set.h"
#include "base/file_read.h"

#include <stddef.h>

enum {
    ACCESS_FILE_MAX = 256 * 1024, /* bytes of the whole file */
    ACCESS_COUNT_MAX = 256,       /* tokens, with those of a token-file */
    ACCESS_NAME_MAX = 64,         /* bytes of a name */
    ACCESS_TOKEN_MIN = 16,        /* bytes of a token */
};

/* Adds the tokens of the file to the set, which may hold those of a token-file. Returns 0, or -1
 * with the fault in `error`: "FILE: ..." or "FILE:LINE: ...", without any text of the file. The
 * caller frees the set in both cases. */
int access_file_read(const char *path, enum file_kind kind, struct token_set *set, char *error,
                     size_t error_size);

#endif
