/*
 * module_check: see module_check.h.
 *
 * A status of 0 alone proves nothing, as the module may have ended the process itself: the worker's
 * line "ok NAME VERSION" must be there as well.
 */
#include "startup/module_check.h"

#include "base/clock.h"
#include "startup/user_environ.h"
#include "workers/child.h"
#include "workers/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    READ_MAX =
        4096,    /* bytes at a time, so that a module that floods does not outrun its deadline */
    TICK_MS = 5, /* how soon a death is seen that the pipe does not tell of */
};

struct check {
    const char *path;
    const char *settings;  /* NULL: it is loaded only */
    char ok[NAME_MAX + 8]; /* how the line begins that says so */
    pid_t pid;
    int fd; /* what it prints; -1 at its end */
    char line[NAME_MAX + 8];
    size_t line_len;
    bool printed, said_ok;
};

/* "ok NAME " for the file /x/NAME.so. */
static void set_ok(struct check *check)
{
    const char *slash = strrchr(check->path, '/');
    const char *name = slash ? slash + 1 : check->path;
    size_t len = strlen(name);
    snprintf(check->ok, sizeof check->ok, "ok %.*s ", (int)(len > 3 ? len - 3 : len), name);
}

/* A module's settings may hold secrets: not as an argument. -1 with errno. */
static int settings_fd(const char *settings)
{
    size_t len = strlen(settings);
    int fd = memfd_create("settings", MFD_CLOEXEC);
    if (fd < 0)
        return -1;
    if (pwrite(fd, settings, len, 0) == (ssize_t)len)
        return fd;
    close(fd);
    errno = ENOSPC;
    return -1;
}

/* stdout is ours to read, stderr stays, and there is nothing else of us. */
static int start_with(struct check *check, const struct config *config, int input_fd, int output_fd)
{
    char name[] = "taskmaster-worker", option[] = "--check-module", init[] = "--init",
         file[PATH_MAX];
    char *argv[] = {name, option, file, check->settings ? init : NULL, NULL};
    const int fds[] = {input_fd, output_fd, STDERR_FILENO};
    user_environ_set(config->identity.user);
    char **env = worker_process_environ();
    snprintf(file, sizeof file, "%s", check->path);
    int e = child_start(&(struct program){.path = config->workers.path,
                                          .argv = argv,
                                          .environ = env,
                                          .fds = fds,
                                          .fd_count = sizeof fds / sizeof *fds},
                        &check->pid);
    free(env);
    return e;
}

static int start(struct check *check, const struct config *config, int output_fd)
{
    if (!check->settings)
        return start_with(check, config, -1, output_fd);
    int fd = settings_fd(check->settings);
    int e = fd < 0 ? errno : start_with(check, config, fd, output_fd);
    if (fd >= 0)
        close(fd);
    return e;
}

/* Looks for the line that says ok; of others the beginning is enough. */
static void look_at(struct check *check, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] != '\n') {
            if (check->line_len < sizeof check->line)
                check->line[check->line_len++] = data[i];
            continue;
        }
        size_t ok_len = strlen(check->ok);
        check->said_ok |= check->line_len > ok_len && memcmp(check->line, check->ok, ok_len) == 0;
        check->line_len = 0;
    }
}

/* False if there is nothing for now. */
static bool pass_on_output(struct check *check)
{
    char data[READ_MAX];
    ssize_t n = check->fd < 0 ? -1 : read(check->fd, data, sizeof data);
    if (n == 0) {
        close(check->fd);
        check->fd = -1;
    }
    if (n <= 0)
        return false;
    check->printed = true;
    look_at(check, data, (size_t)n);
    fwrite(data, 1, (size_t)n, stdout);
    return true;
}

/* Not reaped: the process group must not become a stranger's before it is killed. */
static bool has_ended(const struct check *check)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)check->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0
               ? errno != EINTR
               : info.si_pid == check->pid;
}

/* Then what it has printed is read to its end: the line that says ok is the last. What it has
 * started goes with it and prints no more. False if it does not end in time. */
static bool await_end(struct check *check, uint32_t timeout_ms)
{
    uint64_t deadline_us = clock_us() + (uint64_t)timeout_ms * 1000;
    for (;;) {
        bool ended = has_ended(check);
        if (ended)
            kill(-check->pid, SIGKILL);
        bool printed = pass_on_output(check);
        if (ended && !printed)
            return true;
        if (clock_us() >= deadline_us)
            return ended;
        struct pollfd output = {.fd = check->fd, .events = POLLIN};
        poll(&output, 1, TICK_MS);
    }
}

static bool judge(const struct check *check, const struct config *config, bool in_time, int status)
{
    const char *what = check->settings ? "loading and initialising" : "loading";
    if (!in_time)
        fprintf(stderr, "%s: %s it took longer than start-timeout-ms, %" PRIu32 "\n", check->path,
                what, config->jobs.start_timeout_ms);
    else if (WIFSIGNALED(status))
        fprintf(stderr, "%s: %s it ends in %s\n", check->path, what, strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == 0 ? !check->said_ok : !check->printed)
        fprintf(stderr, "%s: %s it ends the process with status %d\n", check->path, what,
                WEXITSTATUS(status));
    return in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0 && check->said_ok;
}

int module_check(const struct config *config, const char *path, const char *settings, bool *loads)
{
    struct check check = {.path = path, .settings = settings};
    int output[2], status = 0;
    set_ok(&check);
    if (pipe2(output, O_CLOEXEC) < 0)
        return errno;
    check.fd = output[0];
    int e = fcntl(output[0], F_SETFL, O_NONBLOCK) < 0 ? errno : start(&check, config, output[1]);
    close(output[1]);
    if (!e) {
        bool in_time = await_end(&check, config->jobs.start_timeout_ms);
        kill(-check.pid, SIGKILL); /* and whatever it has started */
        while (waitpid(check.pid, &status, 0) < 0 && errno == EINTR)
            ;
        fflush(stdout);
        *loads = judge(&check, config, in_time, status);
    }
    if (check.fd >= 0)
        close(check.fd);
    return e;
}
