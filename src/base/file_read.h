/* file_read: a small file as one text. */
#ifndef TASKMASTER_BASE_FILE_READ_H
#define TASKMASTER_BASE_FILE_READ_H

#include <stddef.h>

enum file_kind {
    FILE_ANY,     /* a pipe is waited for */
    FILE_REGULAR, /* whatever could take its time is refused */
};

/* The whole file, with a NUL behind its `len` bytes; the caller frees it. NULL if it cannot be read
 * or is longer than `max`: then `why` is a text that says so, valid until the next call. */
char *file_read(const char *path, size_t max, enum file_kind kind, size_t *len, const char **why);

#endif
