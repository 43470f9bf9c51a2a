/*
 * stream: one connection of a benchmark program: bytes that came in and are not looked at yet,
 * bytes that are to go out.
 *
 * The same for every system that is measured and for the relay, so that what a program of ours
 * costs is the same on each side. One read and one write per turn, as much as there is; nothing is
 * moved within a buffer that runs empty every turn.
 */
#ifndef TASKMASTER_BENCH_STREAM_H
#define TASKMASTER_BENCH_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
    char *data;
    size_t start, end, capacity; /* what is in it lies between start and end */
};

struct stream {
    int fd;
    struct buffer in, out;
};

/* Ends the process with a message, as with all that a benchmark cannot go on without. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

uint64_t now_ns(void);

/* Takes over a connected socket; sets TCP_NODELAY. */
void stream_init(struct stream *stream, int fd);
/* To that port of 127.0.0.1. */
void stream_connect(struct stream *stream, uint16_t port);
void stream_close(struct stream *stream);

/* What came in. A pointer into it is good until the next stream_fill(). */
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

/* The line that the input begins with, its LF included: its length, 0 if it is not whole. */
size_t stream_line(const struct stream *stream);

/* To the output; nothing is sent before stream_flush(). */
void stream_put(struct stream *stream, const void *data, size_t len);
void stream_put_text(struct stream *stream, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline size_t stream_pending(const struct stream *stream)
{
    return stream->out.end - stream->out.start;
}

/* Writes what the kernel takes. False: the connection is gone. */
bool stream_flush(struct stream *stream);
/* Reads once what is there. False: the connection has ended. */
bool stream_fill(struct stream *stream);

/* Flushes all, waits until one of them can go on, and fills those that have input. False: one has
 * ended. Nothing for `timeout_ms` ends the process; -1: waits for ever. */
bool streams_turn(struct stream *streams, int count, int timeout_ms);

#endif
