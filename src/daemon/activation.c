/* activation: see activation.h. */
#include "daemon/activation.h"

#include "common/log.h"
#include "daemon/manager_env.h"
#include "net/address.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_FD = 3 };

/* The sockets as the manager has handed them over. */
struct handed {
    size_t count;
    const char *names[ACTIVATION_MAX]; /* in LISTEN_FDNAMES, each up to a colon; NULL: none */
};

/* Always -1. */
__attribute__((format(printf, 2, 3))) static int refuse(char fault[ACTIVATION_FAULT_MAX],
                                                        const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(fault, ACTIVATION_FAULT_MAX, fmt, args);
    va_end(args);
    return -1;
}

/* --- the environment --- */

static void read_names(struct handed *handed)
{
    const char *at = getenv("LISTEN_FDNAMES");
    for (size_t i = 0; i < handed->count && at; i++) {
        const char *colon = strchr(at, ':');
        handed->names[i] = at;
        at = colon ? colon + 1 : NULL;
    }
}

static int read_environment(struct handed *handed, char fault[ACTIVATION_FAULT_MAX])
{
    uint64_t count;
    *handed = (struct handed){.count = 0};
    if (!manager_env_is_ours("LISTEN_PID") || !getenv("LISTEN_FDS"))
        return 0;
    if (!manager_env_number("LISTEN_FDS", &count) || count > ACTIVATION_MAX)
        return refuse(fault, "LISTEN_FDS: found \"%s\", expected a number up to %d",
                      getenv("LISTEN_FDS"), ACTIVATION_MAX);
    handed->count = (size_t)count;
    read_names(handed);
    return 0;
}

static bool has_name(const struct handed *handed, size_t i, const char *name)
{
    size_t len = strlen(name);
    const char *has = handed->names[i];
    return has && strncmp(has, name, len) == 0 && (has[len] == '\0' || has[len] == ':');
}

static bool any_has_name(const struct handed *handed, const char *name)
{
    for (size_t i = 0; i < handed->count; i++)
        if (has_name(handed, i, name))
            return true;
    return false;
}

/* --- the sockets --- */

static bool has_option(int fd, int option, int value)
{
    int found;
    socklen_t len = sizeof found;
    return getsockopt(fd, SOL_SOCKET, option, &found, &len) == 0 && found == value;
}

static bool is_stream_listener(int fd)
{
    return has_option(fd, SO_TYPE, SOCK_STREAM) && has_option(fd, SO_ACCEPTCONN, 1);
}

/* Connections are accepted until none is left, and workers get none of our sockets. */
static bool prepare(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
           fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static int take(struct activation *activation, int fd, char fault[ACTIVATION_FAULT_MAX])
{
    if (!is_stream_listener(fd))
        return refuse(fault,
                      "LISTEN_FDS: descriptor %d is no listening stream socket; the .socket unit "
                      "needs ListenStream= and Accept=no",
                      fd);
    if (!prepare(fd))
        return refuse(fault, "LISTEN_FDS: descriptor %d: %s", fd, strerror(errno));
    activation->fds[activation->count++] = fd;
    return 0;
}

/* The manager goes on listening there, and nobody would accept. */
static void leave(const struct handed *handed, size_t i)
{
    size_t len = handed->names[i] ? strcspn(handed->names[i], ":") : 0;
    log_event(LOG_WARN, "socket-ignored", LOG_STRN("name", handed->names[i], len),
              LOG_STR("hint", "see FileDescriptorName= of the .socket unit"));
    close(FIRST_FD + (int)i);
}

int activation_take(struct activation *activation, const char *name,
                    char fault[ACTIVATION_FAULT_MAX])
{
    struct handed handed;
    *activation = (struct activation){.name = name};
    if (read_environment(&handed, fault) < 0)
        return -1;
    bool is_named = any_has_name(&handed, name);
    for (size_t i = 0; i < handed.count; i++) {
        if (is_named && !has_name(&handed, i, name))
            leave(&handed, i);
        else if (take(activation, FIRST_FD + (int)i, fault) < 0)
            return -1;
    }
    return 0;
}

static bool find_kind(struct address *address)
{
    switch (address->storage.ss_family) {
    case AF_UNIX:
        address->kind = ADDRESS_UNIX;
        return true;
    case AF_INET:
        address->kind = ADDRESS_IPV4;
        return true;
    case AF_INET6:
        address->kind = ADDRESS_IPV6;
        return true;
    default:
        return false;
    }
}

/* An address of another family (vsock:) may be anybody's. */
static bool is_open(int fd)
{
    struct address address = {.len = sizeof address.storage};
    if (getsockname(fd, (struct sockaddr *)&address.storage, &address.len) < 0)
        return true;
    return !find_kind(&address) || !address_is_loopback(&address);
}

bool activation_is_open(const struct activation *activation)
{
    for (size_t i = 0; i < activation->count; i++)
        if (is_open(activation->fds[i]))
            return true;
    return false;
}
