/*
 * socket_file: the place of a unix socket in the file system: taken by one server, given back only
 * while still ours.
 *
 * bind() takes a free place atomically. The file of a dead server must be removed first. Of two
 * servers starting at once, the slower would remove the other's file. So a server locks the
 * directory (flock(2) leaves no file behind) until it listens. Without the lock the server goes on:
 * any reader of the directory could hold the lock for ever. Rejected: binding to another name and
 * moving the file by link(2). ss(8) and clients would see the other name for the life of the
 * socket.
 *
 * A file is dead if it refuses connections and no socket is bound to it (unix_bound.h). If the
 * kernel does not tell, the file is dead after refusing each of the tries given to an address in
 * use. One case stays unseen: a server of another network namespace, bound to a shared file and not
 * listening yet.
 */
#ifndef TASKMASTER_NET_SOCKET_FILE_H
#define TASKMASTER_NET_SOCKET_FILE_H

#include "net/address.h"

#include <sys/types.h>

/* The owner and the rights of a unix socket's file. */
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
 * -1 with errno: EADDRINUSE if the place is taken, EEXIST if a file is no socket.
 */
int socket_file_take(struct socket_file *file, int fd, const struct address *address, int backlog,
                     const struct socket_owner *owner);

/* To be called before the socket is closed. A file of another server stays, and the log says so. */
void socket_file_remove(struct socket_file *file);

#endif
