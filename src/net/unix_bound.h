/*
 * unix_bound: whether a unix socket is bound to a file.
 *
 * A file that refuses connections is left over from a dead server, or belongs to a server not
 * listening yet. Only the kernel can tell. It lists the bound sockets of our network namespace with
 * their files (sock_diag(7)).
 */
#ifndef TASKMASTER_NET_UNIX_BOUND_H
#define TASKMASTER_NET_UNIX_BOUND_H

#include <sys/stat.h>

enum unix_bound {
    UNIX_BOUND_NO,
    UNIX_BOUND_YES,
    UNIX_BOUND_UNKNOWN, /* the kernel does not say, or may not */
};

/* `st` is the file's, as lstat() tells it. */
enum unix_bound unix_bound(const char *path, const struct stat *st);

#endif
