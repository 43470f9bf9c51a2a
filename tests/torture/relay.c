/* relay: see relay.h. */
#include "relay.h"

#include "connection.h"
#include "die.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PIECE = 64 * 1024, WAITING_MAX = 16 };

struct relay_end {
    struct loop_watch watch; /* its fd is -1 while the pair is held, at the master's end */
    struct relay_pair *pair;
    struct relay_end *other;
    char data[PIECE]; /* read here, and not yet written at the other end */
    size_t at, len;
};

struct relay_pair {
    LIST_ENTRY(relay_pair) link;
    struct relay *relay;
    struct relay_end queue, master;
};

static void close_end(struct relay *relay, struct relay_end *end)
{
    int fd = end->watch.fd;
    if (fd < 0)
        return;
    loop_unwatch(relay->loop, &end->watch);
    close(fd);
}

static void close_pair(struct relay_pair *pair)
{
    close_end(pair->relay, &pair->queue);
    close_end(pair->relay, &pair->master);
    LIST_REMOVE(pair, link);
    free(pair);
}

/* What is to be done at an end: read if nothing is left, write if the other end has something. */
static void update(struct relay_end *end)
{
    if (end->watch.fd >= 0)
        loop_change(end->pair->relay->loop, &end->watch,
                    (end->len == end->at ? EPOLLIN : 0) |
                        (end->other->len > end->other->at ? EPOLLOUT : 0));
}

/* Each of these is false if the connection is over. */
static bool take(struct relay_end *end)
{
    if (end->len > end->at)
        return true;
    ssize_t n = recv(end->watch.fd, end->data, sizeof end->data, 0);
    end->at = 0;
    end->len = n > 0 ? (size_t)n : 0;
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool give(struct relay_end *from)
{
    int fd = from->other->watch.fd;
    if (from->len == from->at)
        return true;
    ssize_t n = send(fd, from->data + from->at, from->len - from->at, MSG_NOSIGNAL);
    if (n > 0)
        from->at += (size_t)n;
    return n > 0 || errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
}

static void on_ready(void *arg, uint32_t events)
{
    struct relay_end *end = arg;
    struct relay_pair *pair = end->pair;
    bool held = pair->master.watch.fd < 0;
    bool over = held && (events & (EPOLLHUP | EPOLLERR));
    if (!held && (events & EPOLLOUT))
        over = !give(end->other);
    if (!held && !over && (events & ~(uint32_t)EPOLLOUT))
        over = !take(end) || !give(end);
    if (over) {
        close_pair(pair);
        return;
    }
    if (!held) {
        update(&pair->queue);
        update(&pair->master);
    }
}

static void join(struct relay_pair *pair)
{
    struct relay *relay = pair->relay;
    int fd = connection_socket(&relay->master);
    if (fd < 0) {
        close_pair(pair);
        return;
    }
    loop_watch(relay->loop, &pair->master.watch, fd, EPOLLIN);
    update(&pair->queue);
}

static void init_end(struct relay_pair *pair, struct relay_end *end, struct relay_end *other)
{
    end->watch = (struct loop_watch){.ready = on_ready, .arg = end, .fd = -1};
    end->pair = pair;
    end->other = other;
}

static void on_connection(void *arg, uint32_t events)
{
    struct relay *relay = arg;
    (void)events;
    int fd = accept4(relay->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct relay_pair *pair = need(sizeof *pair);
    pair->relay = relay;
    init_end(pair, &pair->queue, &pair->master);
    init_end(pair, &pair->master, &pair->queue);
    LIST_INSERT_HEAD(&relay->pairs, pair, link);
    loop_watch(relay->loop, &pair->queue.watch, fd, 0);
    if (relay->open)
        join(pair);
}

void relay_open(struct relay *relay, const struct sockaddr_in *master)
{
    struct relay_pair *pair, *next;
    relay->master = *master;
    relay->open = true;
    for (pair = LIST_FIRST(&relay->pairs); pair; pair = next) {
        next = LIST_NEXT(pair, link);
        if (pair->master.watch.fd < 0)
            join(pair);
    }
}

void relay_hold(struct relay *relay)
{
    relay->open = false;
}

void relay_cut(struct relay *relay)
{
    while (!LIST_EMPTY(&relay->pairs))
        close_pair(LIST_FIRST(&relay->pairs));
}

void relay_init(struct relay *relay, struct loop *loop, const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    *relay = (struct relay){.loop = loop};
    LIST_INIT(&relay->pairs);
    relay->listener = (struct loop_watch){.ready = on_connection, .arg = relay, .fd = -1};
    snprintf(addr.sun_path, sizeof addr.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&addr, sizeof addr) < 0 ||
        listen(fd, WAITING_MAX) < 0)
        die("cannot listen at %s", path);
    loop_watch(loop, &relay->listener, fd, EPOLLIN);
}

void relay_free(struct relay *relay)
{
    int fd = relay->listener.fd;
    relay_cut(relay);
    loop_unwatch(relay->loop, &relay->listener);
    close(fd);
}
