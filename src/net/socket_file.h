/*
 * socket_file: the place of a unix socket in the file system: taken by one, given back only if it
 * is still ours.
 *
 * bind() takes a free place atomically. A file that a dead server has left must be removed first,
 * and between two servers that start at once the slower one would remove the other's. So whoever
 * looks at a place holds a lock on its directory (flock(2), which leaves no file behind) until it
 * listens there. A lock that cannot be had is gone on without: anybody who may read the directory
 * could hold it for ever. To bind to another name and move that into place by link(2) was rejected:
 * the other name is what ss(8) and clients would be shown for the life of the socket.
 *
 * A file is dead if it refuses connections and nobody's socket is bound to it (unix_bound.h). If
 * the kernel does not say that, it is dead once it has refused them in each of the tries that an
 * address in use is given. What cannot be seen is a server in another network namespace that has
 * bound to a file that both can see, and does not listen yet.
 */
#ifndef TASKMASTER_NET_SOCKET_FILE_H
#define TASKMASTER_NET_SOCKET_FILE_H

#include "net/address.h"

#include <sys/types.h>

/* Whose a unix socket's file is, and what they may do with it. */
struct socket_owner {
    mode_t mode;
    uid_t uid; /* (uid_t)-1: ours */
    gid_t gid; /* likewise */
};

enum { SOCKET_FILE_TRIES = 17 };

/* As long as our socket is open, no other file can have these numbers. */
struct socket_file {
    char *path; /* NULL: none */
    dev_t dev;
    ino_t ino;
    int refusals; /* before it was taken: so often in a row nobody could say whether it is dead */
};

/*
 * Binds `fd` to the address and listens. `file` is empty at first, and the same in each try. 0, or
 * -1 with errno: EADDRINUSE if it is somebody's, EEXIST if there is a file that is no socket.
 */
int socket_file_take(struct socket_file *file, int fd, const struct address *address, int backlog,
                     const struct socket_owner *owner);

/* To be called before the socket is closed. What is not ours stays; the log tells of that. */
void socket_file_remove(struct socket_file *file);

#endif
