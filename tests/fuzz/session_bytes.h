/* session_bytes: what fuzz_session reads its steps from, and what its two kinds of peers keep of
 * what they send and are sent. */
#ifndef TASKMASTER_FUZZ_SESSION_BYTES_H
#define TASKMASTER_FUZZ_SESSION_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
    const uint8_t *data;
    size_t left;
};

/* The next byte; 0 behind the last. */
uint8_t input_take(struct input *input);

/* The next bytes, as many of `*len` as there are. */
const void *input_bytes(struct input *input, size_t *len);

/* Allocated when something comes into it, at once as a whole. */
struct buffer {
    char *data;
    size_t len, max;
};

void buffer_append(struct buffer *buffer, const void *data, size_t len);
void buffer_drop(struct buffer *buffer, size_t len); /* from the front */
void buffer_free(struct buffer *buffer);

/* Reads what there is; false at the end of input. */
bool buffer_receive(int fd, struct buffer *buffer);

/* Two ends of a connection, neither of which blocks. */
void make_pair(int pair[2]);

#endif
