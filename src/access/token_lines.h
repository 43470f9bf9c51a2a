/* token_lines: reads a file of tokens, whatever its lines look like. */
#ifndef TASKMASTER_ACCESS_TOKEN_LINES_H
#define TASKMASTER_ACCESS_TOKEN_LINES_H

#include "access/token_set.h"
#include "base/file_read.h"
#include "common/token_text.h"

#include <stddef.h>

/* A kind of file. */
struct token_lines {
    size_t size_max;   /* bytes of the whole file */
    const char *empty; /* the fault of a file without any token: "expected ..." */
    /* Adds the tokens of all lines to the set, up to a fault: that is noted in reader->why. */
    void (*add_all)(struct token_set *set, struct token_text *reader);
};

/* Adds the tokens of the file to the set. Returns 0, or -1 with the fault in `error`: "FILE: ..."
 * or "FILE:LINE: ...", without any text of the file. The caller frees the set in both cases. The
 * text is wiped. */
int token_lines_read(const struct token_lines *lines, const char *path, enum file_kind kind,
                     struct token_set *set, char *error, size_t error_size);

#endif
