/* tcp: see tcp.h. */
#include "net/tcp.h"

#include "net/transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum {
    KEEPALIVE_IDLE_S = 60,
    KEEPALIVE_INTERVAL_S = 15,
    KEEPALIVE_PROBES = 4,
};

static int set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value);
}

int tcp_set_options(int fd)
{
    if (set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) < 0 ||
        set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1) < 0 ||
        set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S) < 0 ||
        set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S) < 0 ||
        set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES) < 0 ||
        set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, TRANSPORT_PATIENCE_MS) < 0)
        return -1;
    return 0;
}
