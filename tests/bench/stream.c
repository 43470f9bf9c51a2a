/* stream: see stream.h. */
#include "stream.h"

#include "common/xmalloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    FIRST_CAPACITY = 1024 * 1024,
    READ_ROOM = 256 * 1024, /* the least room of one read */
    TEXT_MAX = 512,
    STREAMS_MAX = 256,
};

void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Makes room for `len` bytes at the buffer's end. */
static char *buffer_room(struct buffer *buffer, size_t len)
{
    size_t have = buffer->end - buffer->start;
    if (have == 0)
        buffer->start = buffer->end = 0;
    if (buffer->capacity - buffer->end >= len)
        return buffer->data + buffer->end;
    if (buffer->start >= buffer->capacity / 2 && buffer->capacity - have >= len) {
        memmove(buffer->data, buffer->data + buffer->start, have);
        buffer->start = 0;
        buffer->end = have;
        return buffer->data + have;
    }
    if (!buffer->capacity)
        buffer->capacity = FIRST_CAPACITY;
    while (buffer->capacity - buffer->end < len)
        buffer->capacity *= 2;
    buffer->data = xrealloc(buffer->data, buffer->capacity);
    return buffer->data + buffer->end;
}

void stream_init(struct stream *stream, int fd)
{
    memset(stream, 0, sizeof *stream);
    stream->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

void stream_connect(struct stream *stream, uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        die("port %u: %s", port, strerror(errno));
    stream_init(stream, fd);
}

void stream_close(struct stream *stream)
{
    close(stream->fd);
    free(stream->in.data);
    free(stream->out.data);
    memset(stream, 0, sizeof *stream);
    stream->fd = -1;
}

size_t stream_line(const struct stream *stream)
{
    const char *data = stream_data(stream);
    size_t len = stream_len(stream);
    const char *lf = len ? memchr(data, '\n', len) : NULL;
    return lf ? (size_t)(lf - data) + 1 : 0;
}

void stream_put(struct stream *stream, const void *data, size_t len)
{
    memcpy(buffer_room(&stream->out, len), data, len);
    stream->out.end += len;
}

void stream_put_text(struct stream *stream, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(buffer_room(&stream->out, TEXT_MAX), TEXT_MAX, format, args);
    va_end(args);
    if (len < 0 || len >= TEXT_MAX)
        die("a text of %d bytes, at most %d fit", len, TEXT_MAX - 1);
    stream->out.end += (size_t)len;
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EINTR;
}

bool stream_flush(struct stream *stream)
{
    struct buffer *out = &stream->out;
    if (out->start == out->end)
        return true;
    ssize_t sent = send(stream->fd, out->data + out->start, out->end - out->start,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0)
        return would_block();
    out->start += (size_t)sent;
    return true;
}

bool stream_fill(struct stream *stream)
{
    struct buffer *in = &stream->in;
    char *room = buffer_room(in, READ_ROOM);
    ssize_t got = recv(stream->fd, room, in->capacity - in->end, MSG_DONTWAIT);
    if (got < 0)
        return would_block();
    in->end += (size_t)got;
    return got > 0;
}

bool streams_turn(struct stream *streams, int count, int timeout_ms)
{
    struct pollfd polled[STREAMS_MAX];
    if (count > STREAMS_MAX)
        die("%d connections are too many", count);
    for (int i = 0; i < count; i++) {
        if (!stream_flush(&streams[i]))
            return false;
        polled[i].fd = streams[i].fd;
        polled[i].events = (short)(POLLIN | (stream_pending(&streams[i]) ? POLLOUT : 0));
    }
    int ready = poll(polled, (nfds_t)count, timeout_ms);
    if (ready == 0)
        die("nothing came for %d ms", timeout_ms);
    if (ready < 0 && errno != EINTR)
        die("poll: %s", strerror(errno));
    for (int i = 0; i < count && ready > 0; i++)
        if ((polled[i].revents & (POLLIN | POLLHUP | POLLERR)) && !stream_fill(&streams[i]))
            return false;
    return true;
}
