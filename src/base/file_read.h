/* file_read: a small file as one text. */
#ifndef TASKMASTER_BASE_FILE_READ_H
#define TASKMASTER_BASE_FILE_READ_H

#include <stddef.h>

enum file_kind {
    FILE_ANY,     /* reading may wait, as for a pipe */
    FILE_REGULAR, /* a pipe or device is refused: reading never waits */
};

/* Reads the whole file, with a NUL behind its `len` bytes; the caller frees the text. NULL if the
 * file cannot be read or is longer than `max`. Then `*why` is the reason, a text valid until the
 * next call. */
char *file_read(const char *path, size_t max, enum file_kind kind, size_t *len, const char **why);

#endif
