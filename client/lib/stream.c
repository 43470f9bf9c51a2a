/* stream: see stream.h. tmc_stream_send() makes room for a whole request before sending its first
 * byte: a lack of memory never leaves half a request on the wire. */
#include "stream.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    CAPACITY_MIN = 16 * 1024,
    KEEP_MAX = 256 * 1024, /* a larger buffer is freed once it is empty */
};

void tmc_stream_init(struct tmc_stream *stream)
{
    memset(stream, 0, sizeof *stream);
    stream->fd = -1;
}

void tmc_stream_open(struct tmc_stream *stream, int fd)
{
    stream->fd = fd;
}

void tmc_stream_close(struct tmc_stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    free(stream->out);
    tmc_stream_init(stream);
}

size_t tmc_stream_pending(const struct tmc_stream *stream)
{
    return stream->end - stream->start;
}

static void drop_sent(struct tmc_stream *stream, size_t sent)
{
    stream->start += sent;
    if (stream->start < stream->end)
        return;
    stream->start = stream->end = 0;
    if (stream->capacity > KEEP_MAX) {
        free(stream->out);
        stream->out = NULL;
        stream->capacity = 0;
    }
}

static int reserve(struct tmc_stream *stream, size_t size)
{
    size_t pending = tmc_stream_pending(stream);
    if (stream->capacity - stream->end >= size)
        return 0;
    if (stream->start > 0) {
        memmove(stream->out, stream->out + stream->start, pending);
        stream->start = 0;
        stream->end = pending;
    }
    if (stream->capacity - pending >= size)
        return 0;
    size_t capacity = pending + size > CAPACITY_MIN ? pending + size : CAPACITY_MIN;
    char *out = realloc(stream->out, capacity);
    if (!out)
        return -1;
    stream->out = out;
    stream->capacity = capacity;
    return 0;
}

/* Returns the number of bytes taken by the socket. A dead peer counts as taking all: reading will
 * tell the reason. */
static size_t send_pieces(struct tmc_stream *stream, struct iovec *pieces, size_t count)
{
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += pieces[i].iov_len;

    ssize_t sent;
    do
        sent = sendmsg(stream->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return (size_t)sent;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
        return 0;
    stream->write_failed = true;
    return size;
}

/* Copies the pieces without their first `skip` bytes, into the room of reserve(). */
static void keep_rest(struct tmc_stream *stream, const struct iovec *pieces, size_t count,
                      size_t skip)
{
    for (size_t i = 0; i < count; i++) {
        size_t skipped = skip < pieces[i].iov_len ? skip : pieces[i].iov_len;
        size_t rest = pieces[i].iov_len - skipped;
        skip -= skipped;
        if (rest > 0)
            memcpy(stream->out + stream->end, (const char *)pieces[i].iov_base + skipped, rest);
        stream->end += rest;
    }
}

int tmc_stream_send(struct tmc_stream *stream, const void *head, size_t head_len, const void *body,
                    size_t body_len)
{
    struct iovec pieces[2] = {{.iov_base = (void *)head, .iov_len = head_len},
                              {.iov_base = (void *)body, .iov_len = body_len}};
    if (body_len > SIZE_MAX / 4 || reserve(stream, head_len + body_len) < 0)
        return -1;
    if (stream->write_failed)
        return 0;
    size_t sent = tmc_stream_pending(stream) > 0 ? 0 : send_pieces(stream, pieces, 2);
    keep_rest(stream, pieces, 2, sent);
    drop_sent(stream, 0);
    return 0;
}

void tmc_stream_flush(struct tmc_stream *stream)
{
    while (tmc_stream_pending(stream) > 0) {
        struct iovec piece = {.iov_base = stream->out + stream->start,
                              .iov_len = tmc_stream_pending(stream)};
        size_t sent = send_pieces(stream, &piece, 1);
        if (sent == 0)
            return;
        drop_sent(stream, sent);
    }
}
