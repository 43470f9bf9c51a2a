/*
 * master_connect: see master_connect.h.
 *
 * Strangers may flood the master's port with connections. Then the kernel drops a SYN because its
 * queue is full, and would repeat the SYN only after a second; or the master resets a connection
 * before its hello. In both cases the hello was not heard and the token is as good as before, so
 * the worker tries again at once with a new socket. An orderly end is an answer: the master has
 * read the hello and refuses it. The worker tries without limit: if the worker is not ready within
 * start-timeout-ms, the master ends it.
 */
#include "master_connect.h"

#include "report.h"

#include <taskmaster/version.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    CONNECT_MS = 20, /* limit for connect(2), microseconds on one machine */
    PAUSE_MS = 5,    /* before the next try */
};

struct hello {
    struct wire_head head;
    struct wire_hello body;
};

enum { HELLO_BYTES = sizeof(struct wire_head) + sizeof(struct wire_hello) };
_Static_assert(offsetof(struct hello, body) == sizeof(struct wire_head), "nothing in between");

static bool set_send_timeout(int fd, int ms)
{
    const struct timeval time = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000L};

    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)) == 0;
}

/* Answers are small and awaited. EOPNOTSUPP: a socket of another protocol, without such a delay. */
static void set_no_delay(int fd)
{
    int one = 1;

    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 && errno != EOPNOTSUPP)
        report(TM_WARNING, "cannot set TCP_NODELAY: %s", strerror(errno));
}

/* Returns 0, or -1 with errno set. */
static int try_once(int fd, const struct sockaddr *addr, socklen_t addr_len,
                    const struct hello *hello)
{
    char first;

    if (!set_send_timeout(fd, CONNECT_MS) || connect(fd, addr, addr_len) < 0 ||
        send(fd, hello, HELLO_BYTES, MSG_NOSIGNAL) < 0 || !set_send_timeout(fd, 0))
        return -1;
    return recv(fd, &first, 1, MSG_PEEK) < 0 ? -1 : 0;
}

/* True if the master has not heard the hello, and a new try makes sense. */
static bool is_unheard(int error)
{
    switch (error) {
    case EINPROGRESS: /* CONNECT_MS are over */
    case EINTR:       /* SIGSTOP and SIGCONT end a call with a time limit, signal(7) */
    case ECONNRESET:
    case EPIPE:
    case EADDRNOTAVAIL: /* every port is taken for the moment */
        return true;
    default:
        return false;
    }
}

static struct hello make_hello(uint32_t worker, const uint8_t token[TOKEN_BYTES])
{
    struct hello hello = {
        .head = {.magic = WIRE_MAGIC, .type = WIRE_HELLO, .size = sizeof(struct wire_hello)},
        .body = {.worker = worker},
    };

    snprintf(hello.head.name, sizeof(hello.head.name), "%s", TASKMASTER_VERSION);
    memcpy(hello.body.token, token, TOKEN_BYTES);
    return hello;
}

static int connect_until_heard(const struct sockaddr *addr, socklen_t addr_len,
                               const struct hello *hello)
{
    for (;;) {
        int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            report(TM_ERROR, "cannot make a socket to the master: %s", strerror(errno));
            return -1;
        }
        if (try_once(fd, addr, addr_len, hello) == 0) {
            set_no_delay(fd);
            return fd;
        }
        int error = errno;
        close(fd);
        if (!is_unheard(error)) {
            report(TM_ERROR, "cannot connect to the master: %s", strerror(error));
            return -1;
        }
        poll(NULL, 0, PAUSE_MS);
    }
}

int master_connect(const struct sockaddr *addr, socklen_t addr_len, uint32_t worker,
                   const uint8_t token[TOKEN_BYTES])
{
    struct hello hello = make_hello(worker, token);
    int fd = connect_until_heard(addr, addr_len, &hello);

    explicit_bzero(&hello, sizeof(hello));
    return fd;
}
