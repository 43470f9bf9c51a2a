/* file_read: a small file as one text. */
#ifndef TASKMASTER_BASE_FILE_READ_H
#define TASKMASTER_BASE_FILE_READ_H

#include <stddef.h>

/* FILE_PRIVATE may stand beside either of the others. */
enum file_kind {
    FILE_ANY = 0,     /* reading may wait, as for a pipe */
    FILE_REGULAR = 1, /* a pipe or device is refused: reading never waits */
    FILE_PRIVATE = 2, /* refused if others than owner and group may read or write the file */
};

/* Reads the whole file, with a NUL behind its `len` bytes; the caller frees the text. NULL if the
 * file cannot be read or is longer than `max`. Then `*why` is the reason, a text valid until the
 * next call. */
char *file_read(const char *path, size_t max, enum file_kind kind, size_t *len, const char **why);

#endif
