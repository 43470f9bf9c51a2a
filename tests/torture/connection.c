/* connection: see connection.h. */
#include "connection.h"

#include "die.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_ROOM = 64 * 1024, WIRE_HEADER_MAX = 4096, WIRE_PAYLOAD_MAX = 64 << 20 };

int connection_socket(const struct sockaddr_in *addr)
{
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (const struct sockaddr *)addr, sizeof *addr) < 0 && errno != EINPROGRESS) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

bool connection_is_open(const struct connection *connection)
{
    return connection->watch.fd >= 0;
}

void connection_close(struct connection *connection, bool reset)
{
    int fd = connection->watch.fd;
    if (fd < 0)
        return;
    loop_unwatch(connection->loop, &connection->watch);
    if (reset)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
                   sizeof(struct linger));
    close(fd);
    free(connection->out);
    free(connection->in);
    connection->out = connection->in = NULL;
    connection->out_len = connection->in_len = connection->out_room = connection->in_room = 0;
}

static void ended(struct connection *connection, int error)
{
    connection_close(connection, false);
    connection->ops->end(connection->arg, error);
}

static void update_interest(struct connection *connection)
{
    uint32_t events = connection->deaf ? 0 : EPOLLIN;
    if (connection->out_len || (connection->shut_when_out && !connection->ended))
        events |= EPOLLOUT;
    if (connection_is_open(connection))
        loop_change(connection->loop, &connection->watch, events);
}

/* --- input --- */

/* The header's size, 0 without one, -1 if it is no size. */
static json_int_t size_of(json_t *header)
{
    json_t *size = json_object_get(header, "size");
    if (!size)
        return 0;
    if (!json_is_integer(size) || json_integer_value(size) > WIRE_PAYLOAD_MAX)
        return -1;
    return json_integer_value(size);
}

/* Takes one message off the front. Returns the bytes used, 0 if the message is not whole, -1 if it
 * is broken. */
static ssize_t take_message(struct connection *connection, char *data, size_t len)
{
    char *lf = memchr(data, '\n', len);
    if (!lf)
        return len < WIRE_HEADER_MAX ? 0 : -1;
    size_t head = (size_t)(lf - data) + 1;
    json_t *header =
        head <= WIRE_HEADER_MAX ? json_loadb(data, head, JSON_REJECT_DUPLICATES, NULL) : NULL;
    json_int_t size = json_is_object(header) ? size_of(header) : -1;
    ssize_t used = size < 0 ? -1 : 0;
    if (size >= 0 && len - head >= (size_t)size) {
        used = (ssize_t)(head + (size_t)size);
        connection->ops->message(connection->arg, header, data + head, (size_t)size);
    }
    json_decref(header);
    return used;
}

static void take_messages(struct connection *connection)
{
    size_t at = 0;
    ssize_t used = 1;
    while (used > 0 && at < connection->in_len) {
        used = take_message(connection, connection->in + at, connection->in_len - at);
        if (!connection_is_open(connection))
            return;
        if (used > 0)
            at += (size_t)used;
    }
    memmove(connection->in, connection->in + at, connection->in_len - at);
    connection->in_len -= at;
    if (used < 0) {
        connection_close(connection, true);
        connection->ops->broken(connection->arg);
    }
}

static void count_sip(struct connection *connection, size_t bytes)
{
    if (!connection->sip)
        return;
    if (bytes < connection->sip)
        connection->sip -= bytes;
    else
        connection_set_deaf(connection, true);
}

static void read_some(struct connection *connection)
{
    if (connection->in_room - connection->in_len < READ_ROOM) {
        connection->in_room = connection->in_room * 2 + READ_ROOM;
        connection->in = need_more(connection->in, connection->in_room);
    }
    ssize_t n = recv(connection->watch.fd, connection->in + connection->in_len,
                     connection->in_room - connection->in_len, 0);
    if (n > 0) {
        connection->in_len += (size_t)n;
        count_sip(connection, (size_t)n);
        take_messages(connection);
    } else if (n == 0) {
        ended(connection, 0);
    } else if (errno != EAGAIN && errno != EINTR) {
        ended(connection, errno);
    }
}

/* --- output --- */

static void shut_if_out(struct connection *connection)
{
    if (connection->out_len || !connection->shut_when_out || connection->ended)
        return;
    connection->ended = true;
    shutdown(connection->watch.fd, SHUT_WR); /* a read will see a reset on its way */
}

void connection_flush(struct connection *connection)
{
    size_t len = connection->out_len;
    if (!connection_is_open(connection))
        return;
    if (connection->trickle && len > connection->trickle)
        len = connection->trickle;
    ssize_t n = len ? send(connection->watch.fd, connection->out, len, MSG_NOSIGNAL) : 0;
    if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENOTCONN)
        connection->out_len = 0; /* the next read reports the error */
    if (n > 0) {
        connection->written += (uint64_t)n;
        connection->out_len -= (size_t)n;
        memmove(connection->out, connection->out + n, connection->out_len);
    }
    shut_if_out(connection);
    update_interest(connection);
}

void connection_write(struct connection *connection, const void *data, size_t len)
{
    if (!connection_is_open(connection))
        return;
    if (connection->out_room - connection->out_len < len) {
        connection->out_room = connection->out_room * 2 + len;
        connection->out = need_more(connection->out, connection->out_room);
    }
    memcpy(connection->out + connection->out_len, data, len);
    connection->out_len += len;
    connection->queued += len;
    update_interest(connection);
}

void connection_half_close(struct connection *connection)
{
    connection->shut_when_out = true;
    update_interest(connection);
}

void connection_set_deaf(struct connection *connection, bool deaf)
{
    connection->deaf = deaf;
    connection->sip = 0;
    update_interest(connection);
}

void connection_sip(struct connection *connection, size_t bytes)
{
    connection_set_deaf(connection, false);
    connection->sip = bytes;
}

static void ready(void *arg, uint32_t events)
{
    struct connection *connection = arg;
    if (events & EPOLLOUT)
        connection_flush(connection);
    if (connection_is_open(connection) && (events & (EPOLLHUP | EPOLLERR)) && connection->deaf)
        ended(connection, ECONNRESET);
    else if (connection_is_open(connection) && (events & ~(uint32_t)EPOLLOUT) && !connection->deaf)
        read_some(connection);
}

void connection_open(struct connection *connection, struct loop *loop, int fd,
                     const struct connection_ops *ops, void *arg)
{
    *connection = (struct connection){.ops = ops, .arg = arg, .loop = loop};
    connection->watch = (struct loop_watch){.ready = ready, .arg = connection};
    loop_watch(loop, &connection->watch, fd, EPOLLIN);
}
