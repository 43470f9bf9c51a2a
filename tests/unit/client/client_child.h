/* client_child: the taskmaster command as a child process, with its output and its exit status. */
#ifndef TASKMASTER_TESTS_UNIT_CLIENT_CLIENT_CHILD_H
#define TASKMASTER_TESTS_UNIT_CLIENT_CLIENT_CHILD_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    CHILD_DEADLINE_MS = 60000,
    CHILD_OUTPUT_MAX = 1024 * 1024,
    CHILD_ARG_MAX = 32,
    CHILD_ENV_MAX = 256,
    CHILD_SERVER_MAX = 512,
};

#define CHILD_UNUSED __attribute__((unused))

struct child {
    pid_t pid;
    int in, out, err; /* our ends; -1: closed */
    char *output;     /* output so far on `out` and `err`, NUL-terminated */
    char *errors;
    size_t output_len, errors_len;
    int status; /* the exit status, or 256 and the signal */
};

/* What a child is made of. All is made before the fork: a thread of the test plays the server, and
 * may hold a lock of the allocator at the fork. So the child allocates nothing. */
struct child_image {
    char path[PATH_MAX + 32];
    char *argv[CHILD_ARG_MAX + 2];
    char *env[CHILD_ENV_MAX + 1];
    char server[CHILD_SERVER_MAX], queue[CHILD_SERVER_MAX];
};

/* The command lies in the build folder, four levels above. */
CHILD_UNUSED static void child_image_name(struct child_image *image, const char *const *args)
{
    char self[PATH_MAX] = "";
    ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof self - 1), 0);
    snprintf(image->path, sizeof image->path, "%s/../../../../taskmaster", dirname(self));
    image->argv[0] = image->path;
    for (int i = 0; args[i]; i++)
        image->argv[i + 1] = (char *)args[i];
}

CHILD_UNUSED static bool child_is_ours(const char *variable)
{
    static const char *const ours[] = {
        "TASKMASTER_TOKEN=", "TASKMASTER_TOKEN_FILE=", "TASKMASTER_SERVER=", "TASKMASTER_QUEUE="};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strncmp(variable, ours[i], strlen(ours[i])) == 0)
            return true;
    return false;
}

/* The environment of the test, but for the command's variables. */
CHILD_UNUSED static void child_image_environ(struct child_image *image, const char *server)
{
    size_t count = 0;
    for (char **at = environ; *at; at++) {
        ck_assert_uint_lt(count, CHILD_ENV_MAX - 2);
        if (!child_is_ours(*at))
            image->env[count++] = *at;
    }
    if (!server)
        return;
    snprintf(image->server, sizeof image->server, "TASKMASTER_SERVER=%s", server);
    snprintf(image->queue, sizeof image->queue, "TASKMASTER_QUEUE=%s", server);
    image->env[count++] = image->server;
    image->env[count++] = image->queue;
}

/* `args` are the arguments, ending with NULL. `server` may be NULL. The descriptors become the
 * child's stdout and stderr; -1: a pipe. */
CHILD_UNUSED static void child_start_with(struct child *child, const char *server,
                                          const char *const *args, int stdout_fd, int stderr_fd)
{
    int in[2], out[2], err[2];
    struct child_image image = {0};
    child_image_name(&image, args);
    child_image_environ(&image, server);
    ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
    child->pid = fork();
    ck_assert_int_ge(child->pid, 0);
    if (child->pid == 0) {
        dup2(in[0], 0);
        dup2(stdout_fd < 0 ? out[1] : stdout_fd, 1);
        dup2(stderr_fd < 0 ? err[1] : stderr_fd, 2);
        execve(image.path, image.argv, image.env);
        _exit(126);
    }
    close(in[0]);
    close(out[1]);
    close(err[1]);
    child->in = in[1];
    child->out = out[0];
    child->err = err[0];
    child->output = calloc(1, CHILD_OUTPUT_MAX);
    child->errors = calloc(1, CHILD_OUTPUT_MAX);
    child->output_len = child->errors_len = 0;
}

CHILD_UNUSED static void child_start_on(struct child *child, const char *server,
                                        const char *const *args, int terminal)
{
    child_start_with(child, server, args, -1, terminal);
}

CHILD_UNUSED static void child_start(struct child *child, const char *server,
                                     const char *const *args)
{
    child_start_on(child, server, args, -1);
}

/* Reads once; closes the descriptor at its end. */
CHILD_UNUSED static void child_read(int *fd, char *text, size_t *len)
{
    ck_assert_uint_lt(*len, CHILD_OUTPUT_MAX - 1);
    ssize_t count = read(*fd, text + *len, CHILD_OUTPUT_MAX - 1 - *len);
    if (count > 0)
        *len += (size_t)count;
    if (count <= 0) {
        close(*fd);
        *fd = -1;
    }
}

CHILD_UNUSED static void child_pump(struct child *child)
{
    struct pollfd poll_fds[] = {{.fd = child->out, .events = POLLIN},
                                {.fd = child->err, .events = POLLIN}};
    int count = poll(poll_fds, 2, CHILD_DEADLINE_MS);
    ck_assert_msg(count > 0, "the command is stuck; so far:\n%s%s", child->output, child->errors);
    if (poll_fds[0].revents)
        child_read(&child->out, child->output, &child->output_len);
    if (poll_fds[1].revents)
        child_read(&child->err, child->errors, &child->errors_len);
}

/* Reads until the output has `text` in it. */
CHILD_UNUSED static void child_await(struct child *child, const char *text)
{
    while (!strstr(child->output, text)) {
        ck_assert_msg(child->out >= 0, "%s\nand not %s", child->output, text);
        child_pump(child);
    }
}

CHILD_UNUSED static void child_write(struct child *child, const char *text)
{
    ck_assert_int_eq(write(child->in, text, strlen(text)), (ssize_t)strlen(text));
}

CHILD_UNUSED static void child_close_input(struct child *child)
{
    if (child->in >= 0)
        close(child->in);
    child->in = -1;
}

/* Reads to the end of both and reaps. */
CHILD_UNUSED static void child_finish(struct child *child)
{
    int status;
    child_close_input(child);
    while (child->out >= 0 || child->err >= 0)
        child_pump(child);
    ck_assert_int_eq(waitpid(child->pid, &status, 0), child->pid);
    child->status = WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

CHILD_UNUSED static void child_free(struct child *child)
{
    free(child->output);
    free(child->errors);
}

/* Starts, feeds `input` (small enough for a pipe), finishes. */
CHILD_UNUSED static void child_run(struct child *child, const char *server, const char *input,
                                   const char *const *args)
{
    child_start(child, server, args);
    child_write(child, input);
    child_finish(child);
}

CHILD_UNUSED static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Compares all three at once: a failure shows them side by side. */
CHILD_UNUSED static void child_assert(struct child *child, int status, const char *output,
                                      const char *errors)
{
    ck_assert_msg(child->status == status && strcmp(child->output, output) == 0 &&
                      strcmp(child->errors, errors) == 0,
                  "%d, and not %d\nstdout:\n%s\nand not:\n%s\nstderr:\n%s\nand not:\n%s",
                  child->status, status, child->output, output, child->errors, errors);
    child_free(child);
}

#endif
