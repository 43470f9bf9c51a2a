/* session_bytes: see session_bytes.h. */
#include "session_bytes.h"

#include "common/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void buffer_append(struct buffer *buffer, const void *data, size_t len)
{
    if (!buffer->data)
        buffer->data = malloc(buffer->max);
    bug_on(len > buffer->max - buffer->len);
    memcpy(buffer->data + buffer->len, data, len);
    buffer->len += len;
}

void buffer_drop(struct buffer *buffer, size_t len)
{
    bug_on(len > buffer->len);
    buffer->len -= len;
    memmove(buffer->data, buffer->data + len, buffer->len);
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){.max = buffer->max};
}

bool buffer_receive(int fd, struct buffer *buffer)
{
    char data[16384];
    while (buffer->max - buffer->len >= sizeof data) {
        ssize_t n = recv(fd, data, sizeof data, MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            return true;
        if (n <= 0)
            return false;
        buffer_append(buffer, data, (size_t)n);
    }
    return true;
}

void make_pair(int pair[2])
{
    bug_on(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0);
}
