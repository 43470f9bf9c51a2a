/* log_file: see log_file.h. */
#include "base/log_file.h"

#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum {
    FLAGS = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
    PERMISSIONS = 0640,
    FD_LEAST = STDERR_FILENO + 1, /* a closed descriptor 0 to 2 is no place for a log */
};

/* A sandbox may forbid the call (SystemCallFilter= of the units), even if nothing changes. */
static int give(int fd, const struct log_file_owner *owner)
{
    bool stays = owner->uid == (uid_t)-1 && owner->gid == (gid_t)-1;
    return stays ? 0 : fchown(fd, owner->uid, owner->gid);
}

/* Another's file, as behind a symbolic link, is never given away: O_EXCL makes a new one, or none.
 * Returns -1 with errno. */
static int make(const char *path, const struct log_file_owner *owner)
{
    int fd = open(path, FLAGS | O_CREAT | O_EXCL, PERMISSIONS);
    if (fd < 0 || give(fd, owner) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int move_up(int fd)
{
    if (fd >= FD_LEAST)
        return fd;
    int up = fcntl(fd, F_DUPFD_CLOEXEC, FD_LEAST), error = errno;
    close(fd);
    errno = error;
    return up;
}

int log_file_open(const char *path, const struct log_file_owner *owner)
{
    int fd = open(path, FLAGS);
    if (fd < 0 && errno == ENOENT)
        fd = make(path, owner);
    if (fd >= 0)
        fd = move_up(fd);
    if (fd < 0)
        return errno;
    log_use(fd);
    return 0;
}

const char *log_file_fault(int error)
{
    switch (error) {
    case ENXIO:
        return "nobody reads this pipe";
    case EEXIST:
        return "a symbolic link to a missing file";
    default:
        return strerror(error);
    }
}
