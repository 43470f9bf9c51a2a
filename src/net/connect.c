/* connect: see connect.h. */
#include "net/connect.h"

#include "common/log.h"
#include "net/tcp.h"
#include "net/transport.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void give_up(struct connector *connector)
{
    if (connector->fd < 0)
        return;
    event_del(&connector->ready);
    close(connector->fd);
    connector->fd = -1;
}

static void fail(struct connector *connector, const char *why)
{
    timer_clear(connector->timers, &connector->over);
    give_up(connector);
    connector->done(connector, -1, why);
}

static void on_over(void *arg)
{
    struct connector *connector = arg;
    fail(connector, connector->why);
}

/* Nobody listens at a port that the kernel also gives to clients: then the connection's own end may
 * get this port, and TCP joins the connection with itself. */
static bool is_self(int fd)
{
    struct sockaddr_storage own, peer;
    socklen_t own_len = sizeof own, peer_len = sizeof peer;
    memset(&own, 0, sizeof own);
    memset(&peer, 0, sizeof peer);
    return getsockname(fd, (struct sockaddr *)&own, &own_len) == 0 &&
           getpeername(fd, (struct sockaddr *)&peer, &peer_len) == 0 && own.ss_family != AF_UNIX &&
           own_len == peer_len && memcmp(&own, &peer, own_len) == 0;
}

/* A reset, so that the port is free at once for the server that we wait for. */
static void forgo_self(struct connector *connector)
{
    const struct linger reset = {.l_onoff = 1};
    setsockopt(connector->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    fail(connector, strerror(ECONNREFUSED));
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    struct connector *connector = arg;
    int error = transport_error(fd);
    (void)what;
    if (error) {
        fail(connector, strerror(error));
    } else if (is_self(fd)) {
        forgo_self(connector);
    } else {
        timer_clear(connector->timers, &connector->over);
        connector->fd = -1;
        connector->done(connector, fd, NULL);
    }
}

void connector_init(struct connector *connector, struct event_base *base, struct timers *timers,
                    void (*done)(struct connector *connector, int fd, const char *why))
{
    *connector = (struct connector){.base = base, .timers = timers, .done = done, .fd = -1};
    timer_init(&connector->over, on_over, connector);
}

/* A socket on its way to the address, or -1 with errno. */
static int start(const struct address *address)
{
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if ((address->kind == ADDRESS_UNIX || tcp_set_options(fd) == 0) &&
        (connect(fd, (const struct sockaddr *)&address->storage, address->len) == 0 ||
         errno == EINPROGRESS))
        return fd;
    int e = errno;
    close(fd);
    errno = e;
    return -1;
}

static int watch(struct connector *connector, int fd)
{
    event_assign(&connector->ready, connector->base, fd, EV_WRITE, on_ready, connector);
    if (event_add(&connector->ready, NULL) == 0)
        return 0;
    close(fd);
    errno = ENOMEM;
    return -1;
}

void connector_begin(struct connector *connector, const struct address *address,
                     uint32_t timeout_ms)
{
    bug_on(connector->fd >= 0 || timer_is_set(&connector->over));
    int fd = start(address);
    if (fd < 0 || watch(connector, fd) < 0) {
        snprintf(connector->why, sizeof connector->why, "%s", strerror(errno));
        timer_set_next(connector->timers, &connector->over);
        return;
    }
    connector->fd = fd;
    snprintf(connector->why, sizeof connector->why, "no answer within %u ms", timeout_ms);
    timer_set_ms(connector->timers, &connector->over, timeout_ms);
}

void connector_cancel(struct connector *connector)
{
    timer_clear(connector->timers, &connector->over);
    give_up(connector);
}
