/* address: see address.h. tmc_address_connect() tries the addresses of a name in the resolver's
 * order. Each gets its share of the time left: a first address swallowing packets does not cost the
 * second its chance. */
#include "address.h"

#include "deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define UNIX_PREFIX     "unix:"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

enum { SCHEME_MAX = 16 }; /* bytes shown */

static bool port_valid(const char *port)
{
    size_t len = strlen(port);
    if (len == 0 || len > 5 || strspn(port, "0123456789") != len)
        return false;
    long number = strtol(port, NULL, 10);
    return number >= 1 && number <= 65535;
}

/* Returns the port, NULL without one. `*host` and `*host_len` are without brackets. */
static const char *split_host(const char *text, const char **host, size_t *host_len)
{
    const char *colon = strrchr(text, ':');
    if (!colon)
        return NULL;
    *host = text;
    *host_len = (size_t)(colon - text);
    if (text[0] != '[')
        return memchr(text, ':', *host_len) ? NULL : colon + 1;
    if (*host_len < 2 || colon[-1] != ']')
        return NULL;
    *host += 1;
    *host_len -= 2;
    return colon + 1;
}

static tm_client_status parse_unix(const char *path, struct tmc_address *address,
                                   struct tmc_failure *failure)
{
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof address->path)
        return tmc_failure_set(failure, TM_CLIENT_INVALID,
                               "a socket's path has 1 to %zu bytes, not %zu",
                               sizeof address->path - 1, len);
    memcpy(address->path, path, len + 1);
    address->local = true;
    return TM_CLIENT_OK;
}

/* Refuses invisible bytes, often pasted along: no name and no number has them. */
static tm_client_status check_bytes(const char *text, struct tmc_failure *failure)
{
    for (const char *c = text; *c; c++)
        if (*c <= ' ' || *c >= 0x7f)
            return tmc_failure_set(
                failure, TM_CLIENT_INVALID,
                "an address is printable ASCII without blanks: found the byte 0x%02x "
                "in '%.200s'",
                (unsigned char)*c, text);
    return TM_CLIENT_OK;
}

tm_client_status tmc_address_parse(const char *text, struct tmc_address *address,
                                   struct tmc_failure *failure)
{
    memset(address, 0, sizeof *address);
    if (strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
        return tmc_failure_set(failure, TM_CLIENT_INVALID,
                               "an address begins with no byte order mark (BOM), as '%.200s' does",
                               text);
    if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
        return parse_unix(text + strlen(UNIX_PREFIX), address, failure);

    const char *scheme = strstr(text, "://"), *host = NULL;
    size_t host_len = 0;
    if (scheme)
        return tmc_failure_set(
            failure, TM_CLIENT_INVALID,
            "an address has no '%.*s://': it is HOST:PORT, [IPV6]:PORT or unix:PATH, "
            "not '%.200s'",
            (int)(scheme - text < SCHEME_MAX ? scheme - text : SCHEME_MAX), text, text);
    if (check_bytes(text, failure) != TM_CLIENT_OK)
        return TM_CLIENT_INVALID;
    const char *port = split_host(text, &host, &host_len);
    if (!port || host_len == 0 || host_len >= sizeof address->host || !port_valid(port))
        return tmc_failure_set(
            failure, TM_CLIENT_INVALID,
            "an address is HOST:PORT, [IPV6]:PORT (PORT from 1 to 65535) or unix:PATH, "
            "not '%.200s'",
            text);
    memcpy(address->host, host, host_len);
    memcpy(address->port, port, strlen(port) + 1);
    return TM_CLIENT_OK;
}

static struct sockaddr_un unix_name(const struct tmc_address *address)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memcpy(name.sun_path, address->path, sizeof name.sun_path);
    return name;
}

/* Returns -1. */
static int close_keeping_errno(int fd)
{
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

int tmc_address_begin_unix(const struct tmc_address *address)
{
    struct sockaddr_un name = unix_name(address);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof name) < 0)
        return close_keeping_errno(fd);
    return fd;
}

/* With a full backlog, a non-blocking connect returns EAGAIN and there is no way to wait. A
 * blocking connect waits for the time of SO_SNDTIMEO. */
static int connect_unix(const struct tmc_address *address, int64_t deadline)
{
    struct sockaddr_un name = unix_name(address);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;

    int result;
    do {
        int left_ms = tmc_deadline_left_ms(deadline);
        struct timeval limit = {.tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000L};
        if (left_ms == 0)
            limit.tv_usec = 1;
        if (left_ms >= 0)
            setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        result = connect(fd, (struct sockaddr *)&name, sizeof name);
    } while (result < 0 && errno == EINTR);

    int flags = fcntl(fd, F_GETFL);
    if (result == 0 && flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
        return fd;
    if (errno == EAGAIN)
        errno = ETIMEDOUT;
    return close_keeping_errno(fd);
}

int tmc_address_connect_result(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        return -1;
    errno = error;
    return error ? -1 : 0;
}

/* Waits for the end of a connect in progress. Returns 0, or -1 with errno. */
static int await_connect(int fd, int64_t deadline)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    int count;
    do
        count = poll(&poll_fd, 1, tmc_deadline_left_ms(deadline));
    while (count < 0 && errno == EINTR);
    if (count == 0)
        errno = ETIMEDOUT;
    return count > 0 ? tmc_address_connect_result(fd) : -1;
}

/* Requests are small and wait for nothing: no Nagle. Keepalive finds a vanished server within about
 * two minutes; otherwise a wait without a deadline would never end. */
static void tune_tcp(int fd)
{
    const int on = 1, idle_s = 60, interval_s = 10, count = 6;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

int tmc_address_begin_tcp(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    info->ai_protocol);
    if (fd < 0)
        return -1;
    tune_tcp(fd);
    if (connect(fd, info->ai_addr, info->ai_addrlen) == 0 || errno == EINPROGRESS)
        return fd;
    return close_keeping_errno(fd);
}

static int connect_tcp(const struct addrinfo *info, int64_t deadline)
{
    int fd = tmc_address_begin_tcp(info);
    if (fd >= 0 && await_connect(fd, deadline) < 0)
        return close_keeping_errno(fd);
    return fd;
}

static int64_t share_of(int64_t deadline, int parts)
{
    if (deadline == TMC_DEADLINE_NEVER)
        return TMC_DEADLINE_NEVER;
    int64_t now = tmc_deadline_now();
    return deadline > now ? now + (deadline - now) / parts : deadline;
}

/* Tries one address after another. Returns a socket, or -1 with the last errno. */
static int connect_any(const struct addrinfo *infos, int64_t deadline)
{
    int left = 0, fd = -1;
    for (const struct addrinfo *info = infos; info; info = info->ai_next)
        left++;
    for (const struct addrinfo *info = infos; info && fd < 0; info = info->ai_next)
        fd = connect_tcp(info, share_of(deadline, left--));
    return fd;
}

static tm_client_status fail(const struct tmc_address *address, tm_client_status status,
                             const char *why, struct tmc_failure *failure)
{
    if (address->local)
        return tmc_failure_set(failure, status, "cannot connect to unix:%s: %s", address->path,
                               why);
    bool ipv6 = strchr(address->host, ':') != NULL;
    return tmc_failure_set(failure, status, "cannot connect to %s%s%s:%s: %s", ipv6 ? "[" : "",
                           address->host, ipv6 ? "]" : "", address->port, why);
}

tm_client_status tmc_address_fail(const struct tmc_address *address, int error,
                                  tm_client_status status, struct tmc_failure *failure)
{
    if (error == ENOMEM)
        return tmc_failure_memory(failure);
    return fail(address, status, strerror(error), failure);
}

tm_client_status tmc_address_resolve(const struct tmc_address *address, struct addrinfo **infos,
                                     struct tmc_failure *failure)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    int error = getaddrinfo(address->host, address->port, &hints, infos);
    if (error == 0)
        return TM_CLIENT_OK;
    if (error == EAI_SYSTEM)
        return tmc_address_fail(address, errno, TM_CLIENT_UNREACHABLE, failure);
    if (error == EAI_MEMORY)
        return tmc_failure_memory(failure);
    return fail(address, TM_CLIENT_UNREACHABLE, gai_strerror(error), failure);
}

tm_client_status tmc_address_connect(const struct tmc_address *address, int64_t deadline, int *fd,
                                     struct tmc_failure *failure)
{
    if (address->local) {
        *fd = connect_unix(address, deadline);
    } else {
        struct addrinfo *infos;
        tm_client_status status = tmc_address_resolve(address, &infos, failure);
        if (status != TM_CLIENT_OK)
            return status;
        *fd = connect_any(infos, deadline);
        int saved = errno;
        freeaddrinfo(infos);
        errno = saved;
    }
    if (*fd >= 0)
        return TM_CLIENT_OK;
    bool late = errno == ETIMEDOUT && tmc_deadline_passed(deadline);
    return tmc_address_fail(address, errno, late ? TM_CLIENT_TIMEOUT : TM_CLIENT_UNREACHABLE,
                            failure);
}

bool tmc_address_is_listened_to(const char *text, int64_t deadline)
{
    struct tmc_address address;
    struct tmc_failure failure;
    int fd;
    if (tmc_address_parse(text, &address, &failure) != TM_CLIENT_OK ||
        tmc_address_connect(&address, deadline, &fd, &failure) != TM_CLIENT_OK)
        return false;
    close(fd);
    return true;
}
