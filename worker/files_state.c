/* files_state: see files_state.h. */
#include "files_state.h"

#include "common/xmalloc.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

enum { FILES = 3 };

struct files_state {
    int fds[FILES]; /* copies above 2; -1: as at the start */
};

static struct stat files[FILES];
static int spare_fd = -1; /* of the pipe */
static int pipe_flags;
static FILE *streams[FILES];

static bool is_same(int fd, const struct stat *known)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_dev == known->st_dev && st.st_ino == known->st_ino;
}

void files_state_init(void)
{
    for (int fd = 0; fd < FILES; fd++)
        fstat(fd, &files[fd]);
    spare_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, FILES);
    pipe_flags = fcntl(STDOUT_FILENO, F_GETFL);
    streams[STDIN_FILENO] = stdin;
    streams[STDOUT_FILENO] = stdout;
    streams[STDERR_FILENO] = stderr;
}

/* Descriptors */

static int set_input(void)
{
    int fd = open("/dev/null", O_RDONLY);

    if (fd <= STDIN_FILENO)
        return fd;
    int result = dup2(fd, STDIN_FILENO);
    close(fd);
    return result;
}

static int set_output(int fd)
{
    if (!is_same(spare_fd, &files[STDOUT_FILENO])) {
        errno = EBADF;
        return -1;
    }
    return dup2(spare_fd, fd) < 0 ? -1 : 0;
}

/* Puts a file of the module back. */
static int set_own(int fd, int own)
{
    struct stat st;

    if (fstat(own, &st) < 0)
        return -1;
    return is_same(fd, &st) || dup2(own, fd) >= 0 ? 0 : -1;
}

/* Puts a file of the start back. */
static int set_first(int fd)
{
    if (!is_same(fd, &files[fd]) && (fd == STDIN_FILENO ? set_input() : set_output(fd)) < 0)
        return -1;
    return fcntl(fd, F_SETFD, 0);
}

static bool is_own_place(const struct files_state *state, int fd)
{
    return state != NULL && state->fds[fd] >= 0;
}

/* Returns a descriptor of the pipe. */
static int pipe_fd(const struct files_state *state)
{
    if (!is_own_place(state, STDERR_FILENO))
        return STDERR_FILENO;
    return is_own_place(state, STDOUT_FILENO) ? spare_fd : STDOUT_FILENO;
}

/* Of all descriptors of the pipe: they share one description. */
static int set_pipe_flags(int fd)
{
    return fcntl(fd, F_GETFL) == pipe_flags ? 0 : fcntl(fd, F_SETFL, pipe_flags);
}

static int set_descriptors(const struct files_state *state)
{
    for (int fd = 0; fd < FILES; fd++) {
        if ((is_own_place(state, fd) ? set_own(fd, state->fds[fd]) : set_first(fd)) == 0)
            continue;
        report(TM_ERROR, "cannot put back descriptor %d: %s", fd, strerror(errno));
        return -1;
    }
    if (set_pipe_flags(pipe_fd(state)) == 0)
        return 0;
    report(TM_ERROR, "cannot put back the flags of stdout: %s", strerror(errno));
    return -1;
}

/* Streams */

/* Replaces a stream if it is closed, on another descriptor, or set to wide characters: none of
 * these can be mended. */
static FILE *mend_stream(int fd, const char *mode)
{
    if (fileno(streams[fd]) == fd && fwide(streams[fd], 0) <= 0)
        return streams[fd];
    FILE *made = fdopen(fd, mode);
    if (made != NULL)
        streams[fd] = made;
    return streams[fd];
}

static void set_streams(void)
{
    stdin = mend_stream(STDIN_FILENO, "r");
    stdout = mend_stream(STDOUT_FILENO, "w");
    stderr = mend_stream(STDERR_FILENO, "w");
    if (!__flbf(stdout))
        setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stderr, NULL, _IONBF, 0);
}

int files_state_set(const struct files_state *state)
{
    int result = set_descriptors(state);

    set_streams();
    report_set_fd(pipe_fd(state)); /* the worker's own lines are for the master's log */
    return result;
}

/* A place is the module's own if it has another file than at the start. */
static bool is_own(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && !is_same(fd, &files[fd]);
}

struct files_state *files_state_take(void)
{
    struct files_state taken, *state = NULL;

    for (int fd = 0; fd < FILES; fd++) {
        taken.fds[fd] = is_own(fd) ? fcntl(fd, F_DUPFD_CLOEXEC, FILES) : -1;
        if (taken.fds[fd] >= 0 && state == NULL)
            state = xmalloc(sizeof(*state));
    }
    if (state != NULL)
        *state = taken;
    files_state_set(state);
    return state;
}
