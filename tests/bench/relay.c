/*
 * relay: the minimum for a single-process master over TCP. It reads frames from clients and
 * workers, keeps a list of free workers and a first-in, first-out line of frames, and forwards. It
 * parses nothing and keeps no books, so it is the limit for all other systems.
 *
 *   bench-relay [WINDOW]   a worker gets so many frames before its first answer (1)
 *
 * Prints the clients' port and the workers' port, both chosen by the kernel, and serves until the
 * first worker goes.
 */
#include "relay_frame.h"
#include "stream.h"

#include "common/xmalloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>

enum { WINDOW_MAX = 64, EVENTS = 256 };

struct peer {
    struct stream stream;
    bool is_worker, is_dirty, wants_write;
    /* A worker's: the senders of its frames, first in, first out. */
    struct peer *from[WINDOW_MAX];
    unsigned first, held;
    TAILQ_ENTRY(peer) free_link;
    TAILQ_ENTRY(peer) dirty_link;
};

struct waiting {
    struct peer *from;
    char *frame;
    size_t len;
};

TAILQ_HEAD(peers, peer);

static struct peers free_workers = TAILQ_HEAD_INITIALIZER(free_workers);
static struct peers dirty = TAILQ_HEAD_INITIALIZER(dirty);
static struct waiting *line; /* a ring */
static size_t line_first, line_count, line_capacity;
static unsigned window = 1;
static int epoll_fd;

static int listen_somewhere(struct peer *listener)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, 1024) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        die("listen: %s", strerror(errno));
    listener->stream.fd = fd;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = listener};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        die("epoll_ctl: %s", strerror(errno));
    return ntohs(address.sin_port);
}

static void send_to(struct peer *peer, const char *frame, size_t len)
{
    if (peer->stream.fd < 0)
        return;
    stream_put(&peer->stream, frame, len);
    if (!peer->is_dirty)
        TAILQ_INSERT_TAIL(&dirty, peer, dirty_link);
    peer->is_dirty = true;
}

static void hand(struct peer *worker, struct peer *from, const char *frame, size_t len)
{
    worker->from[(worker->first + worker->held++) % WINDOW_MAX] = from;
    if (worker->held == window)
        TAILQ_REMOVE(&free_workers, worker, free_link);
    send_to(worker, frame, len);
}

static void join_line(struct peer *from, const char *frame, size_t len)
{
    if (line_count == line_capacity) {
        size_t capacity = line_capacity ? line_capacity * 2 : 1024;
        struct waiting *grown = xcalloc(capacity, sizeof *grown);
        for (size_t i = 0; i < line_count; i++)
            grown[i] = line[(line_first + i) % line_capacity];
        free(line);
        line = grown;
        line_capacity = capacity;
        line_first = 0;
    }
    struct waiting *last = &line[(line_first + line_count++) % line_capacity];
    *last = (struct waiting){from, xmalloc(len), len};
    memcpy(last->frame, frame, len);
}

static void serve_line(struct peer *worker)
{
    while (line_count && worker->held < window) {
        struct waiting *next = &line[line_first++ % line_capacity];
        line_first %= line_capacity;
        line_count--;
        hand(worker, next->from, next->frame, next->len);
        free(next->frame);
    }
}

static void accept_peer(int listener, bool is_worker)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct peer *peer = xcalloc(1, sizeof *peer);
    stream_init(&peer->stream, fd);
    peer->is_worker = is_worker;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        die("epoll_ctl: %s", strerror(errno));
    if (is_worker) {
        TAILQ_INSERT_HEAD(&free_workers, peer, free_link);
        serve_line(peer); /* a client may have been here first */
    }
}

static void from_client(struct peer *client, const char *frame, size_t len)
{
    struct peer *worker = TAILQ_FIRST(&free_workers);
    if (worker)
        hand(worker, client, frame, len);
    else
        join_line(client, frame, len);
}

static void from_worker(struct peer *worker, const char *frame, size_t len)
{
    send_to(worker->from[worker->first++ % WINDOW_MAX], frame, len);
    if (worker->held-- == window)
        TAILQ_INSERT_HEAD(&free_workers, worker, free_link);
    serve_line(worker);
}

static void read_from(struct peer *peer)
{
    struct relay_frame frame;
    if (!stream_fill(&peer->stream)) {
        if (peer->is_worker)
            exit(0);
        stream_close(&peer->stream); /* its record stays: its frames may be on their way */
        return;
    }
    while (stream_len(&peer->stream) >= sizeof frame) {
        memcpy(&frame, stream_data(&peer->stream), sizeof frame);
        size_t len = sizeof frame + frame.size;
        if (stream_len(&peer->stream) < len)
            break;
        (peer->is_worker ? from_worker : from_client)(peer, stream_data(&peer->stream), len);
        stream_consume(&peer->stream, len);
    }
}

/* One write for each peer with new output. A write event only while the socket is full. */
static void flush_dirty(void)
{
    for (struct peer *peer; (peer = TAILQ_FIRST(&dirty));) {
        TAILQ_REMOVE(&dirty, peer, dirty_link);
        peer->is_dirty = false;
        if (peer->stream.fd < 0 || !stream_flush(&peer->stream))
            continue; /* the next read will see its end */
        bool wants_write = stream_pending(&peer->stream) > 0;
        if (wants_write == peer->wants_write)
            continue;
        peer->wants_write = wants_write;
        struct epoll_event event = {.events = EPOLLIN | (wants_write ? EPOLLOUT : 0u),
                                    .data.ptr = peer};
        if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, peer->stream.fd, &event) < 0)
            die("epoll_ctl: %s", strerror(errno));
    }
}

static void serve(const struct epoll_event *event, const struct peer *clients,
                  const struct peer *workers)
{
    struct peer *peer = event->data.ptr;
    if (peer == clients || peer == workers) {
        accept_peer(peer->stream.fd, peer == workers);
        return;
    }
    if ((event->events & EPOLLOUT) && !peer->is_dirty) {
        TAILQ_INSERT_TAIL(&dirty, peer, dirty_link);
        peer->is_dirty = true;
    }
    if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        read_from(peer);
}

int main(int argc, char **argv)
{
    static struct peer clients, workers; /* the listening sockets */
    struct epoll_event events[EVENTS];
    if (argc > 1)
        window = (unsigned)atoi(argv[1]);
    if (window < 1 || window > WINDOW_MAX)
        die("a window of %u, expected 1 to %d", window, WINDOW_MAX);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    int client_port = listen_somewhere(&clients);
    printf("%d %d\n", client_port, listen_somewhere(&workers));
    fflush(stdout);
    for (;;) {
        int count = epoll_wait(epoll_fd, events, EVENTS, -1);
        for (int i = 0; i < count; i++)
            serve(&events[i], &clients, &workers);
        flush_dirty();
    }
}
