/* files_state: see files_state.h. */
#include "files_state.h"

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

static int set_descriptors(void)
{
    for (int fd = 0; fd < FILES; fd++) {
        bool there =
            is_same(fd, &files[fd]) || (fd == STDIN_FILENO ? set_input() : set_output(fd)) == 0;
        if (there && fcntl(fd, F_SETFD, 0) == 0)
            continue;
        report(TM_ERROR, "cannot put back descriptor %d: %s", fd, strerror(errno));
        return -1;
    }
    if (fcntl(STDOUT_FILENO, F_GETFL) == pipe_flags ||
        fcntl(STDOUT_FILENO, F_SETFL, pipe_flags) == 0)
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

int files_state_set(void)
{
    int result = set_descriptors();

    set_streams();
    return result;
}
