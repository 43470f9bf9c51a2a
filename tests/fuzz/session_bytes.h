/* session_bytes: buffers of bytes on their way between fuzz_session's peers and the master. */
#ifndef TASKMASTER_FUZZ_SESSION_BYTES_H
#define TASKMASTER_FUZZ_SESSION_BYTES_H

#include "input.h"

#include <stdbool.h>
#include <stddef.h>

/* Allocated by the first append, at its full size. */
struct buffer {
    char *data;
    size_t len, max;
};

void buffer_append(struct buffer *buffer, const void *data, size_t len);
void buffer_drop(struct buffer *buffer, size_t len); /* from the front */
void buffer_free(struct buffer *buffer);

/* Reads all bytes that have arrived; false at the end of input. */
bool buffer_receive(int fd, struct buffer *buffer);

/* The two ends of a connection; neither blocks. */
void make_pair(int pair[2]);

#endif
