/* stream: a non-blocking socket, and the bytes waiting to be sent. Calls nobody. */
#ifndef TASKMASTER_CLIENT_LIB_STREAM_H
#define TASKMASTER_CLIENT_LIB_STREAM_H

#include <stdbool.h>
#include <stddef.h>

struct tmc_stream {
    int fd;            /* owned; -1: none */
    bool write_failed; /* the peer takes nothing more; its last words may still be read */
    char *out;         /* owned; bytes from `start` to `end` wait to be sent */
    size_t start, end, capacity;
};

void tmc_stream_init(struct tmc_stream *stream);

/* Takes a connected non-blocking socket over. */
void tmc_stream_open(struct tmc_stream *stream, int fd);

/* Closes the socket and frees the bytes; the stream is as after tmc_stream_init(). */
void tmc_stream_close(struct tmc_stream *stream);

/* Returns the number of bytes waiting to be sent. */
size_t tmc_stream_pending(const struct tmc_stream *stream);

/* Sends both pieces, in order, behind the waiting bytes. Copies the bytes not taken by the socket.
 * Returns 0, or -1 without memory: nothing was sent. */
int tmc_stream_send(struct tmc_stream *stream, const void *head, size_t head_len, const void *body,
                    size_t body_len);

/* Sends waiting bytes until the socket takes no more. */
void tmc_stream_flush(struct tmc_stream *stream);

#endif
