/*
 * module_trial: see module_trial.h.
 *
 * A status of 0 alone proves nothing, as the module may have ended the process itself: the worker's
 * line "ok NAME VERSION" must be there as well.
 */
#include "startup/module_trial.h"

#include "base/clock.h"
#include "daemon/user_environ.h"
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
    READ_MAX = 4096, /* bytes at a time: a flood of output must not outrun the deadline */
    TICK_MS = 5,     /* until a death is noticed, if the pipe does not tell of it */
};

struct trial {
    const char *path;
    const char *settings;  /* NULL: it is loaded only */
    char ok[NAME_MAX + 8]; /* the beginning of the line "ok NAME VERSION" */
    pid_t pid;
    int fd; /* its output; -1 at the end of that */
    char line[NAME_MAX + 8];
    size_t line_len;
    bool printed, said_ok;
};

/* "ok NAME " for the file /x/NAME.so. */
static void set_ok(struct trial *trial)
{
    const char *slash = strrchr(trial->path, '/');
    const char *name = slash ? slash + 1 : trial->path;
    size_t len = strlen(name);
    snprintf(trial->ok, sizeof trial->ok, "ok %.*s ", (int)(len > 3 ? len - 3 : len), name);
}

/* Module settings may hold secrets: they are no argument. Returns -1 with errno on failure. */
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
static int start_with(struct trial *trial, const struct module_host *host, int input_fd,
                      int output_fd)
{
    char name[] = "taskmaster-worker", option[] = "--check-module", init[] = "--init",
         file[PATH_MAX];
    char *argv[] = {name, option, file, trial->settings ? init : NULL, NULL};
    const int fds[] = {input_fd, output_fd, STDERR_FILENO};
    user_environ_set(host->user);
    char **env = worker_process_environ();
    snprintf(file, sizeof file, "%s", trial->path);
    int e = child_start(&(struct program){.path = host->worker_path,
                                          .argv = argv,
                                          .environ = env,
                                          .fds = fds,
                                          .fd_count = sizeof fds / sizeof *fds},
                        &trial->pid);
    free(env);
    return e;
}

static int start(struct trial *trial, const struct module_host *host, int output_fd)
{
    if (!trial->settings)
        return start_with(trial, host, -1, output_fd);
    int fd = settings_fd(trial->settings);
    int e = fd < 0 ? errno : start_with(trial, host, fd, output_fd);
    if (fd >= 0)
        close(fd);
    return e;
}

/* Looks for the line "ok NAME VERSION". Of other lines the beginning is enough. */
static void look_at(struct trial *trial, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] != '\n') {
            if (trial->line_len < sizeof trial->line)
                trial->line[trial->line_len++] = data[i];
            continue;
        }
        size_t ok_len = strlen(trial->ok);
        trial->said_ok |= trial->line_len > ok_len && memcmp(trial->line, trial->ok, ok_len) == 0;
        trial->line_len = 0;
    }
}

/* False if there is nothing for now. */
static bool pass_on_output(struct trial *trial)
{
    char data[READ_MAX];
    ssize_t n = trial->fd < 0 ? -1 : read(trial->fd, data, sizeof data);
    if (n == 0) {
        close(trial->fd);
        trial->fd = -1;
    }
    if (n <= 0)
        return false;
    trial->printed = true;
    look_at(trial, data, (size_t)n);
    fwrite(data, 1, (size_t)n, stdout);
    return true;
}

/* Not reaped: the process group must not become a stranger's before it is killed. */
static bool has_ended(const struct trial *trial)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)trial->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0
               ? errno != EINTR
               : info.si_pid == trial->pid;
}

/* Reads all output behind the end, because the line "ok" is the last. Children of the worker are
 * killed with it, and print no more. Returns false if it does not end in time. */
static bool await_end(struct trial *trial, uint32_t timeout_ms)
{
    uint64_t deadline_us = clock_us() + (uint64_t)timeout_ms * 1000;
    for (;;) {
        bool ended = has_ended(trial);
        if (ended)
            kill(-trial->pid, SIGKILL);
        bool printed = pass_on_output(trial);
        if (ended && !printed)
            return true;
        if (clock_us() >= deadline_us)
            return ended;
        struct pollfd output = {.fd = trial->fd, .events = POLLIN};
        poll(&output, 1, TICK_MS);
    }
}

static bool judge(const struct trial *trial, const struct module_host *host, bool in_time,
                  int status)
{
    const char *what = trial->settings ? "loading and initialising" : "loading";
    if (!in_time)
        fprintf(stderr, "%s: %s it took longer than start-timeout-ms, %" PRIu32 "\n", trial->path,
                what, host->timeout_ms);
    else if (WIFSIGNALED(status))
        fprintf(stderr, "%s: %s it ends in %s\n", trial->path, what, strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == 0 ? !trial->said_ok : !trial->printed)
        fprintf(stderr, "%s: %s it ends the process with status %d\n", trial->path, what,
                WEXITSTATUS(status));
    return in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0 && trial->said_ok;
}

int module_trial_run(const struct module_host *host, const char *path, const char *settings,
                     bool *loads)
{
    struct trial trial = {.path = path, .settings = settings};
    int output[2], status = 0;
    set_ok(&trial);
    if (pipe2(output, O_CLOEXEC) < 0)
        return errno;
    trial.fd = output[0];
    int e = fcntl(output[0], F_SETFL, O_NONBLOCK) < 0 ? errno : start(&trial, host, output[1]);
    close(output[1]);
    if (!e) {
        bool in_time = await_end(&trial, host->timeout_ms);
        kill(-trial.pid, SIGKILL); /* and whatever it has started */
        while (waitpid(trial.pid, &status, 0) < 0 && errno == EINTR)
            ;
        fflush(stdout);
        *loads = judge(&trial, host, in_time, status);
    }
    if (trial.fd >= 0)
        close(trial.fd);
    return e;
}
