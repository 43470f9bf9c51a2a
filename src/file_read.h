/* file_read: a small file as one text. */
#ifndef TASKMASTER_FILE_READ_H
#define TASKMASTER_FILE_READ_H

#include <stddef.h>

/* The whole file, with a NUL behind its `len` bytes; the caller frees it. NULL with errno if it
 * cannot be read, EFBIG if it is longer than `max`. */
char *file_read(const char *path, size_t max, size_t *len);

#endif
