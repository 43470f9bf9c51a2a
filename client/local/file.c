/* file: see file.h. */
#include "client/local/file.h"

#include "client/lib/deadline.h"
#include "common/read_all.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PROGRAM_MS = 10000,
    PIECE = 4096,
};

/* ---- files ---- */

/* A fifo or a device would block, and has no end. /proc has files of the size 0. */
static int open_regular(const char *path, struct stat *st)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || (fstat(fd, st) == 0 && S_ISREG(st->st_mode)))
        return fd;
    close(fd);
    errno = EINVAL;
    return -1;
}

static char *read_from(int fd, size_t max, size_t *len)
{
    char *text = malloc(max + 1);
    ssize_t count = text ? read_all(fd, text, max) : -1;
    close(fd);
    if (count < 0) {
        free(text);
        return NULL;
    }
    text[count] = '\0';
    if (len)
        *len = (size_t)count;
    return text;
}

char *file_read_head(const char *path, size_t max, size_t *len)
{
    struct stat st;
    int fd = open_regular(path, &st);
    return fd < 0 ? NULL : read_from(fd, max, len);
}

/* Drops the rest of a line, whose beginning is not there. */
static void begin_at_line(char *text, size_t *len)
{
    char *lf = memchr(text, '\n', *len);
    if (!lf)
        return;
    *len -= (size_t)(lf + 1 - text);
    memmove(text, lf + 1, *len + 1);
}

static int open_owned(const char *path, long owner, struct stat *st)
{
    int fd = open_regular(path, st);
    if (fd < 0 || owner == FILE_OF_ANYBODY || st->st_uid == (uid_t)owner)
        return fd;
    close(fd);
    errno = EPERM;
    return -1;
}

char *file_read_tail(const char *path, size_t max, long owner, size_t *len)
{
    struct stat st;
    size_t count = 0;
    int fd = open_owned(path, owner, &st);
    if (fd < 0)
        return NULL;
    bool cut = st.st_size > (off_t)max;
    if (cut)
        (void)lseek(fd, st.st_size - (off_t)max, SEEK_SET);
    char *text = read_from(fd, max, &count);
    if (text && cut)
        begin_at_line(text, &count);
    if (len)
        *len = count;
    return text;
}

long long file_read_number(const char *path, long long otherwise)
{
    char *text = file_read_head(path, 64, NULL), *end = text;
    long long number = text ? strtoll(text, &end, 10) : 0;
    bool found = end != text;
    free(text);
    return found ? number : otherwise;
}

/* ---- programs ---- */

static void run_child(const char *dir, char *const argv[], int output)
{
    int nothing = open("/dev/null", O_RDONLY);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(output, STDERR_FILENO) < 0 || (dir && chdir(dir) < 0))
        _exit(127);
    execv(argv[0], argv);
    _exit(127);
}

/* Reads until the end, the limit or the deadline. */
static size_t read_output(int fd, char *text, size_t max)
{
    int64_t deadline = tmc_deadline_in(PROGRAM_MS);
    size_t len = 0;
    while (len < max) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        if (poll(&poll_fd, 1, tmc_deadline_left_ms(deadline)) <= 0)
            break;
        ssize_t count = read(fd, text + len, max - len < PIECE ? max - len : PIECE);
        if (count <= 0)
            break;
        len += (size_t)count;
    }
    text[len] = '\0';
    return len;
}

/* Also ends a program that has more to say. */
static int reap(pid_t child)
{
    int status = 0;
    siginfo_t info = {0};
    struct timespec pause = {.tv_nsec = 1000000};
    for (int i = 0; i < 100 && !info.si_pid; i++) {
        (void)waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT);
        if (!info.si_pid)
            nanosleep(&pause, NULL);
    }
    if (!info.si_pid)
        kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

char *file_read_program(const char *dir, char *const argv[], size_t max, size_t *len, int *status)
{
    int ends[2];
    char *text = malloc(max + 1);
    if (!text || pipe2(ends, O_CLOEXEC) < 0) {
        free(text);
        return NULL;
    }
    pid_t child = fork();
    if (child == 0)
        run_child(dir, argv, ends[1]);
    close(ends[1]);
    size_t count = child < 0 ? 0 : read_output(ends[0], text, max);
    close(ends[0]);
    *status = child < 0 ? -1 : reap(child);
    text[count] = '\0';
    if (len)
        *len = count;
    return text;
}
