/* socket_file: see socket_file.h. */
#include "net/socket_file.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "net/unix_bound.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    LOCK_TRIES = 20, /* more; nobody needs it for longer than a few system calls */
    LOCK_MS = 10,    /* between two of them */
};

/* --- the directory's lock --- */

static int open_directory(const char *path)
{
    char dir[sizeof((struct sockaddr_un *)0)->sun_path] = ".";
    const char *slash = strrchr(path, '/');
    if (slash)
        snprintf(dir, sizeof dir, "%.*s", (int)(slash - path + 1), path);
    return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A descriptor to close in the end, or -1. The lock may not be had (socket_file.h). */
static int lock_directory(const char *path)
{
    static const struct timespec pause = {.tv_nsec = LOCK_MS * 1000000L};
    int fd = open_directory(path);
    for (int i = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
        if (errno != EWOULDBLOCK || i == LOCK_TRIES)
            break;
        nanosleep(&pause, NULL);
    }
    return fd;
}

static void unlock_directory(int fd)
{
    int e = errno;
    if (fd >= 0)
        close(fd);
    errno = e;
}

/* --- taking the place --- */

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Connections to it are refused. A failed try is no reason to take the place. */
static bool refuses(const struct sockaddr_un *un, socklen_t len)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    bool refused = connect(fd, (const struct sockaddr *)un, len) < 0 && errno == ECONNREFUSED;
    close(fd);
    return refused;
}

static bool is_dead(struct socket_file *file, const struct sockaddr_un *un, socklen_t len,
                    const struct stat *st)
{
    enum unix_bound bound = refuses(un, len) ? unix_bound(un->sun_path, st) : UNIX_BOUND_YES;
    file->refusals = bound == UNIX_BOUND_UNKNOWN ? file->refusals + 1 : 0;
    return bound == UNIX_BOUND_NO || file->refusals == SOCKET_FILE_TRIES;
}

/* 0 if there is nothing any more. */
static int clear_place(struct socket_file *file, const struct sockaddr_un *un, socklen_t len)
{
    struct stat st, now;
    if (lstat(un->sun_path, &st) < 0)
        return 0;
    if (!S_ISSOCK(st.st_mode)) {
        errno = EEXIST;
        return -1;
    }
    if (is_dead(file, un, len, &st) && lstat(un->sun_path, &now) == 0 && is_same(&st, &now) &&
        unlink(un->sun_path) == 0)
        return 0;
    errno = EADDRINUSE;
    return -1;
}

/* Set through the umask: at no moment are the rights wider. */
static int bind_file(int fd, const struct sockaddr_un *un, socklen_t len, mode_t mode)
{
    mode_t before = umask(0777 & ~mode);
    int rc = bind(fd, (const struct sockaddr *)un, len);
    umask(before);
    return rc;
}

/* The file made by bind(). */
static int open_file(struct socket_file *file, int fd, const char *path, int backlog,
                     const struct socket_owner *owner)
{
    struct stat st;
    bool ours = owner->uid == (uid_t)-1 && owner->gid == (gid_t)-1;
    if ((ours || lchown(path, owner->uid, owner->gid) == 0) && lstat(path, &st) == 0 &&
        listen(fd, backlog) == 0) {
        *file = (struct socket_file){.path = xstrdup(path), .dev = st.st_dev, .ino = st.st_ino};
        return 0;
    }
    int e = errno;
    unlink(path);
    errno = e;
    return -1;
}

int socket_file_take(struct socket_file *file, int fd, const struct address *address, int backlog,
                     const struct socket_owner *owner)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)&address->storage;
    int lock = lock_directory(un->sun_path), rc = -1;
    if (clear_place(file, un, address->len) == 0 &&
        bind_file(fd, un, address->len, owner->mode) == 0)
        rc = open_file(file, fd, un->sun_path, backlog, owner);
    unlock_directory(lock);
    return rc;
}

/* --- giving it back --- */

/* After the change of user the directory may be read-only for us. Then the file stays, and the next
 * start removes it. */
void socket_file_remove(struct socket_file *file)
{
    struct stat st;
    if (!file->path)
        return;
    if (lstat(file->path, &st) < 0)
        log_event(LOG_WARN, "socket-left", LOG_STR("path", file->path),
                  LOG_STR("why", errno == ENOENT ? "it was removed or renamed" : strerror(errno)));
    else if (st.st_dev != file->dev || st.st_ino != file->ino)
        log_event(LOG_WARN, "socket-left", LOG_STR("path", file->path),
                  LOG_STR("why", "another file has taken its place"));
    else if (unlink(file->path) < 0)
        log_event(LOG_INFO, "socket-left", LOG_STR("path", file->path),
                  LOG_STR("why", strerror(errno)));
    free(file->path);
    file->path = NULL;
}
