/*
 * transport: the system calls on a connected socket. Every byte of a connection is read and written
 * here.
 *
 * Today a connection is plain. TLS would be a second way through these calls.
 */
#ifndef TASKMASTER_NET_TRANSPORT_H
#define TASKMASTER_NET_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Reads into up to two pieces. The number of bytes, 0 at the end of input, or -1 with errno. */
ssize_t transport_read(int fd, struct iovec iov[2]);

/* Writes up to `count` pieces. The number of bytes, or -1 with errno. A broken connection raises no
 * SIGPIPE. */
ssize_t transport_write(int fd, struct iovec *iov, size_t count);

/* The number of arrived, unread bytes. */
size_t transport_arrived(int fd);

/* The number of written bytes that the peer's side has not taken yet. */
size_t transport_untaken(int fd);

enum { TRANSPORT_PATIENCE_MS = 120000 }; /* of each accepted TCP connection */

/* How long the kernel keeps a connection whose peer acknowledges nothing or has no room. Nothing
 * happens on a unix socket. */
void transport_set_patience(int fd, uint32_t ms);

/* The pending error of the socket, 0 without one. After the end of input read() reports no
 * error. */
int transport_error(int fd);

/* Tells the peer of the end of output. 0, or -1 with errno. */
int transport_shut_output(int fd);

void transport_close(int fd);

#endif
