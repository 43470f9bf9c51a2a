/* token_file: reads a token set from a file, one token a line. */
#ifndef TASKMASTER_ACCESS_TOKEN_FILE_H
#define TASKMASTER_ACCESS_TOKEN_FILE_H

#include "access/token_set.h"
#include "base/file_read.h"

#include <stddef.h>

enum { TOKEN_COUNT_MAX = 64 };

/* Fills the empty set. Returns 0, or -1 with the fault in `error`: "FILE: ..." or "FILE:LINE: ...",
 * without any text of the file. The caller frees the set in both cases. */
int token_file_read(const char *path, enum file_kind kind, struct token_set *set, char *error,
                    size_t error_size);

#endif
