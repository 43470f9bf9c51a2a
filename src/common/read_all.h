/* read_all: reads a descriptor to its end. */
#ifndef TASKMASTER_COMMON_READ_ALL_H
#define TASKMASTER_COMMON_READ_ALL_H

#include <stddef.h>
#include <sys/types.h>

/* Reads until the end of the file or pipe, or until `size` bytes are read. Returns the number of
 * bytes, or -1 with errno set. */
ssize_t read_all(int fd, void *data, size_t size);

#endif
