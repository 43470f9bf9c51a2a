/* transport: see transport.h. */
#include "net/transport.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

ssize_t transport_read(int fd, struct iovec iov[2])
{
    return iov[0].iov_len ? readv(fd, iov, 2) : read(fd, iov[1].iov_base, iov[1].iov_len);
}

ssize_t transport_write(int fd, struct iovec *iov, size_t count)
{
    const struct msghdr message = {.msg_iov = iov, .msg_iovlen = count};
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

size_t transport_arrived(int fd)
{
    int pending = 0;
    return ioctl(fd, FIONREAD, &pending) == 0 && pending > 0 ? (size_t)pending : 0;
}

size_t transport_untaken(int fd)
{
    int left = 0;
    return ioctl(fd, SIOCOUTQ, &left) == 0 && left > 0 ? (size_t)left : 0;
}

void transport_set_patience(int fd, uint32_t ms)
{
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
}

int transport_error(int fd)
{
    int error = 0;
    socklen_t len = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}

int transport_shut_output(int fd)
{
    return shutdown(fd, SHUT_WR) < 0 && errno != ENOTCONN ? -1 : 0;
}

void transport_close(int fd)
{
    close(fd);
}
