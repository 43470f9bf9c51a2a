/* listener: see listener.h. */
#include "net/listener.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "net/address.h"
#include "net/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    BACKLOG = 4096,                       /* the kernel cuts it at net.core.somaxconn */
    ACCEPT_BATCH = 64,                    /* connections a turn */
    RETRY_MS = 100,                       /* after descriptors or memory ran out */
    IN_USE_TRIES = SOCKET_FILE_TRIES - 1, /* more, while the address is in use: 0.8 s in all */
    IN_USE_MS = 50,                       /* between two of them */
};

struct listener {
    int fd;
    struct event *event;
    struct timers *timers;
    struct timer retry;
    const char *role;
    listener_accept accept;
    void *arg;
    bool paused;
    struct socket_file file; /* of a unix socket */
};

static int set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value);
}

/* Accepted sockets inherit the options (tcp(7)), so accepting costs one call. */
static int bind_and_listen(int fd, const struct address *address)
{
    if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0 || tcp_set_options(fd) < 0)
        return -1;
    if (address->kind == ADDRESS_IPV6 && set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) < 0)
        return -1;
    if (bind(fd, (const struct sockaddr *)&address->storage, address->len) < 0)
        return -1;
    return listen(fd, BACKLOG);
}

/* A socket to be opened, and its outcome. */
struct opening {
    const struct address *address;
    const struct socket_owner *owner;
    struct socket_file file;
};

/* A listening socket, or -1. */
static int open_socket(struct opening *opening)
{
    const struct address *address = opening->address;
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int rc = address->kind == ADDRESS_UNIX
                 ? socket_file_take(&opening->file, fd, address, BACKLOG, opening->owner)
                 : bind_and_listen(fd, address);
    if (rc == 0)
        return fd;
    int e = errno;
    close(fd);
    errno = e;
    return -1;
}

/*
 * A worker shares its master's descriptors until it executes its program. If the master is killed
 * at that moment, its addresses are in use for a little longer, and the next master must not fail.
 * The wait is short: another server may own the address, and a listening server need not answer, so
 * nothing tells the two apart.
 */
static int open_in_time(struct opening *opening, const char *text)
{
    static const struct timespec pause = {.tv_nsec = IN_USE_MS * 1000000L};
    int fd = open_socket(opening);
    if (fd >= 0 || errno != EADDRINUSE)
        return fd;
    log_event(LOG_INFO, "address-in-use", LOG_STR("address", text),
              LOG_UINT("wait_ms", IN_USE_TRIES * IN_USE_MS));
    int e = EADDRINUSE;
    for (int i = 0; fd < 0 && e == EADDRINUSE && i < IN_USE_TRIES; i++) {
        nanosleep(&pause, NULL); /* a signal shortens the wait, without harm */
        fd = open_socket(opening);
        e = errno;
    }
    errno = e;
    return fd;
}

static void pause_accept(struct listener *listener)
{
    if (!listener->paused)
        log_event(LOG_WARN, "accept-paused", LOG_STR("role", listener->role),
                  LOG_STR("why", strerror(errno)),
                  LOG_STR("hint", "raise the limit of open files or lower client-max"));
    listener->paused = true;
    event_del(listener->event);
    timer_set_ms(listener->timers, &listener->retry, RETRY_MS);
}

static void resume_accept(struct listener *listener)
{
    if (listener->paused)
        log_event(LOG_INFO, "accept-resumed", LOG_STR("role", listener->role));
    listener->paused = false;
}

/* False when there is nothing more to accept for now. */
static bool accept_one(struct listener *listener)
{
    struct sockaddr_storage addr = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof addr;
    int fd = accept4(listener->fd, (struct sockaddr *)&addr, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        resume_accept(listener);
        listener->accept(listener->arg, fd, (struct sockaddr *)&addr, len);
        return true;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        pause_accept(listener);
    /* Any other error but EAGAIN concerns a connection lost before its accept: the next may be
     * fine. */
    return errno != EAGAIN && !timer_is_set(&listener->retry);
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    for (int i = 0; i < ACCEPT_BATCH && accept_one(arg); i++)
        ;
}

static void on_retry(void *arg)
{
    struct listener *listener = arg;
    if (event_add(listener->event, NULL) < 0) {
        timer_set_ms(listener->timers, &listener->retry, RETRY_MS);
        return;
    }
    if (accept_one(listener) || !timer_is_set(&listener->retry))
        resume_accept(listener);
}

socklen_t listener_address(const struct listener *listener, struct sockaddr_storage *addr)
{
    socklen_t len = sizeof *addr;
    *addr = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
    return getsockname(listener->fd, (struct sockaddr *)addr, &len) < 0 ? 0 : len;
}

static void say_listening(const struct listener *listener)
{
    char text[ADDRESS_TEXT_MAX];
    struct sockaddr_storage addr;
    socklen_t len = listener_address(listener, &addr);
    log_event(LOG_INFO, "listening", LOG_STR("role", listener->role),
              LOG_STR("address", address_format((struct sockaddr *)&addr, len, text)));
}

static struct listener *make(struct event_base *base, struct timers *timers, int fd)
{
    struct listener *listener = xcalloc(1, sizeof *listener);
    listener->fd = fd;
    listener->timers = timers;
    timer_init(&listener->retry, on_retry, listener);
    listener->event = event_new(base, fd, EV_READ | EV_PERSIST, on_ready, listener);
    if (!listener->event || event_add(listener->event, NULL) < 0) {
        if (listener->event)
            event_free(listener->event);
        free(listener);
        return NULL;
    }
    return listener;
}

static void begin(struct listener *listener, const char *role, listener_accept accept, void *arg)
{
    listener->role = role;
    listener->accept = accept;
    listener->arg = arg;
    say_listening(listener);
}

struct listener *listener_open(struct event_base *base, struct timers *timers, const char *text,
                               const struct socket_owner *owner, const char *role,
                               listener_accept accept, void *arg, char *error, size_t error_size)
{
    struct address address;
    if (address_parse(&address, text, error, error_size) < 0)
        return NULL;
    struct opening opening = {.address = &address, .owner = owner};
    int fd = open_in_time(&opening, text);
    if (fd < 0) {
        bool is_file = errno == EEXIST; /* bind() itself says EADDRINUSE */
        snprintf(error, error_size, "%s",
                 is_file ? "a file that is not a socket is there already" : strerror(errno));
        return NULL;
    }
    struct listener *listener = make(base, timers, fd);
    if (!listener) {
        snprintf(error, error_size, "the event loop does not take it");
        socket_file_remove(&opening.file);
        close(fd);
        return NULL;
    }
    listener->file = opening.file;
    begin(listener, role, accept, arg);
    return listener;
}

/* A unix socket takes no options of TCP. */
struct listener *listener_adopt(struct event_base *base, struct timers *timers, int fd,
                                const char *role, listener_accept accept, void *arg)
{
    struct listener *listener = make(base, timers, fd);
    if (!listener)
        return NULL;
    tcp_set_options(fd);
    begin(listener, role, accept, arg);
    return listener;
}

void listener_close(struct listener *listener)
{
    if (!listener)
        return;
    timer_clear(listener->timers, &listener->retry);
    event_free(listener->event);
    socket_file_remove(&listener->file);
    close(listener->fd);
    free(listener);
}
