/*
 * unix_bound: whether somebody's unix socket is bound to a file.
 *
 * A file whose connections are refused is left over from a server that is dead, or belongs to one
 * that does not listen yet. Only the kernel can tell. It lists the bound sockets of our network
 * namespace with the files that they are bound to (sock_diag(7)).
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
