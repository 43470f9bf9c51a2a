/*
 * stream: one connection of a benchmark program, with its unhandled input and its unsent output.
 *
 * Every measured system and the relay use the same streams, so our programs cost the same on each
 * side. A turn has one read and one write, as large as possible. A buffer moves no bytes if it runs
 * empty every turn.
 */
#ifndef TASKMASTER_BENCH_STREAM_H
#define TASKMASTER_BENCH_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
    char *data;
    size_t start, end, capacity; /* its contents lie between start and end */
};

struct stream {
    int fd;
    struct buffer in, out;
};

/* Ends the process with a message: a benchmark cannot go on after a failure. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

uint64_t now_ns(void);

/* Takes over a connected socket; sets TCP_NODELAY. */
void stream_init(struct stream *stream, int fd);
/* Connects to this port of 127.0.0.1. */
void stream_connect(struct stream *stream, uint16_t port);
void stream_close(struct stream *stream);

/* The input. A pointer into it is good until the next stream_fill(). */
static inline char *stream_data(const struct stream *stream)
{
    return stream->in.data + stream->in.start;
}
static inline size_t stream_len(const struct stream *stream)
{
    return stream->in.end - stream->in.start;
}
static inline void stream_consume(struct stream *stream, size_t len)
{
    stream->in.start += len;
}

/* The length of the input's first line, with its LF; 0 if the line is not whole. */
size_t stream_line(const struct stream *stream);

/* Adds to the output. Only stream_flush() sends. */
void stream_put(struct stream *stream, const void *data, size_t len);
void stream_put_text(struct stream *stream, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline size_t stream_pending(const struct stream *stream)
{
    return stream->out.end - stream->out.start;
}

/* Writes as much as the kernel takes. False: the connection is gone. */
bool stream_flush(struct stream *stream);
/* Reads once. False: the connection has ended. */
bool stream_fill(struct stream *stream);

/* Flushes all streams, waits until one can go on, and reads from all streams with input. False: one
 * has ended. Ends the process after `timeout_ms` without progress; -1: waits for ever. */
bool streams_turn(struct stream *streams, int count, int timeout_ms);

#endif
