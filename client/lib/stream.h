/* stream: a non-blocking socket and the bytes that it did not take yet. */
#ifndef TASKMASTER_CLIENT_LIB_STREAM_H
#define TASKMASTER_CLIENT_LIB_STREAM_H

#include <stdbool.h>
#include <stddef.h>

struct tmc_stream {
    int fd;            /* owned; -1: none */
    bool write_failed; /* the peer takes nothing more; what it has said may still be read */
    char *out;         /* owned; the bytes from start to end wait to be sent */
    size_t start, end, capacity;
};

void tmc_stream_init(struct tmc_stream *stream);

/* Takes a connected non-blocking socket over. */
void tmc_stream_open(struct tmc_stream *stream, int fd);

/* Closes and frees; the stream is as tmc_stream_init() left it. */
void tmc_stream_close(struct tmc_stream *stream);

/* Bytes that wait to be sent. */
size_t tmc_stream_pending(const struct tmc_stream *stream);

/* Sends both pieces, in order, behind what waits; what the socket does not take now is copied and
 * waits. 0, or -1 if there is no memory: nothing was sent. */
int tmc_stream_send(struct tmc_stream *stream, const void *head, size_t head_len, const void *body,
                    size_t body_len);

/* Sends what waits, as far as the socket takes it. */
void tmc_stream_flush(struct tmc_stream *stream);

#endif
