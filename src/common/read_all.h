/* read_all: what a descriptor has, to its end. */
#ifndef TASKMASTER_COMMON_READ_ALL_H
#define TASKMASTER_COMMON_READ_ALL_H

#include <stddef.h>
#include <sys/types.h>

/* Reads until the end, also of a pipe, or until `size` bytes are in. Returns how many, or -1 with
 * errno. */
ssize_t read_all(int fd, void *data, size_t size);

#endif
