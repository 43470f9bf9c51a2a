/* child: see child.h. */
#include "child.h"

#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <unistd.h>

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void child_close(struct child *child)
{
    close_fd(&child->guard_fd);
    close_fd(&child->status_fd);
    close_fd(&child->out_fd);
    close_fd(&child->err_fd);
}

/* Makes the command's stdin: a memory file with `data`, at its beginning. Returns -1 with errno set
 * on failure. */
static int make_stdin(const char *data, size_t len)
{
    int fd = memfd_create("exec-stdin", MFD_CLOEXEC);

    while (fd >= 0 && len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR) {
            int error = errno;
            close_fd(&fd);
            errno = error;
        } else if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

int child_start(struct child *child, char **argv, const char *input, size_t input_len)
{
    int out[2] = {-1, -1};
    int err[2] = {-1, -1};
    int status[2] = {-1, -1};
    int in = make_stdin(input, input_len);
    int error = 0;

    /* Not blocking: after a guard was killed, the command may live for a moment and hold the pipe
     * open. */
    if (in < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0 ||
        pipe2(status, O_CLOEXEC | O_NONBLOCK) < 0) {
        error = errno;
        goto close_others;
    }
    struct guard_start start = {
        .argv = argv,
        .worker = getpid(),
        .group = getpgrp(),
        .fd = {in, out[1], err[1], status[1]},
    };
    child->guard = guard_fork(&start);
    if (child->guard > 0)
        child->guard_fd = pidfd_open(child->guard, 0);
    if (child->guard_fd < 0)
        error = errno;

close_others:
    child->out_fd = out[0];
    child->err_fd = err[0];
    child->status_fd = status[0];
    close_fd(&in);
    close_fd(&out[1]);
    close_fd(&err[1]);
    close_fd(&status[1]);
    return error;
}
