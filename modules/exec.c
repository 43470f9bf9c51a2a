/*
 * exec: runs a configured command, so that a program in any language can do the work. The payload's
 * first line names the command, the rest is its stdin, and its stdout is the result.
 *
 *     "modules": {"exec": {"config": {"commands": {"sort": ["/usr/bin/sort", "-u"]}}}}
 *
 * Clients name commands and never write them; there is no shell. A command ending with a status
 * other than 0, or by a signal, fails the job, with its stderr as the details. Status 75 asks for
 * another try (tm_retry()). The stderr of a successful command goes to the log.
 *
 * stdout is held back until the command ends, so that a failure's details are stderr alone. Output
 * beyond HOLD_MAX is passed on at once; in a failure's details, it stands before stderr.
 *
 * A command ends with its own exit: its remaining children are killed and not waited for.
 */
#include <taskmaster/module.h>

#include "exec/child.h"
#include "exec/guard.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SETTING "modules.exec.config to {\"commands\":{\"NAME\":[\"/absolute/program\",\"arg\"]}}"

enum {
    RETRY_STATUS = 75, /* EX_TEMPFAIL of sysexits.h */
    RETRY_MS = 1000,
    HOLD_MAX = 1024 * 1024,
    STDERR_MAX = 64 * 1024, /* more of stderr is dropped */
    READ_SIZE = 64 * 1024,
    STOP_CHECK_MS = 10,
};

/* malloc() of this size takes memory only for the written pages. */
struct output {
    size_t out_len;
    size_t err_len;
    bool passing; /* stdout outgrew `out` and goes to the reply at once */
    char out[HOLD_MAX];
    char err[STDERR_MAX];
};

static json_t *settings; /* owned; `commands` is a part of it */
static json_t *commands;

/* Settings */

static bool is_command(const json_t *argv)
{
    size_t i;
    json_t *arg;

    json_array_foreach (argv, i, arg) {
        if (!json_is_string(arg))
            return false;
    }
    return json_array_size(argv) > 0 && json_string_value(json_array_get(argv, 0))[0] == '/';
}

static int check_commands(const tm_host *host)
{
    const char *name;
    json_t *argv;

    if (!json_is_object(commands))
        return tm_host_fail(host, "commands is not an object: set " SETTING);
    json_object_foreach (commands, name, argv) {
        if (!is_command(argv))
            return tm_host_fail(host,
                                "command \"%.40s\" is not a list of strings that begins with an "
                                "absolute path: set " SETTING,
                                name);
    }
    return 0;
}

static int init(const tm_host *host, const char *config)
{
    json_error_t error;

    settings = json_loads(config, JSON_DECODE_ANY, &error);
    if (json_unpack_ex(settings, &error, JSON_STRICT, "{s:o}", "commands", &commands) < 0)
        return tm_host_fail(host, "no commands (%s): set " SETTING, error.text);
    return check_commands(host);
}

static void fini(void)
{
    json_decref(settings);
}

/* Output */

/* Returns 0, or -1 if the result is too large. */
static int take_stdout(tm_job *job, struct output *o, const char *data, size_t len)
{
    if (!o->passing && len <= sizeof(o->out) - o->out_len) {
        memcpy(o->out + o->out_len, data, len);
        o->out_len += len;
        return 0;
    }
    if (!o->passing && tm_reply(job, o->out, o->out_len) < 0)
        return -1;
    o->passing = true;
    return tm_reply(job, data, len);
}

/* Drops everything beyond STDERR_MAX, so that the command can go on. */
static void take_stderr(struct output *o, const char *data, size_t len)
{
    size_t room = sizeof(o->err) - o->err_len;
    size_t n = len < room ? len : room;

    memcpy(o->err + o->err_len, data, n);
    o->err_len += n;
}

/* Does one read from a descriptor reported by poll(). Returns the number of bytes; at the end of
 * input, 0, and the descriptor leaves the set. */
static size_t read_ready(struct pollfd *ready, char *data)
{
    if (ready->revents == 0)
        return 0;
    ssize_t n = read(ready->fd, data, READ_SIZE);
    if (n < 0 && errno == EINTR)
        n = 0;
    else if (n <= 0)
        ready->fd = -1;
    return n > 0 ? (size_t)n : 0;
}

/*
 * Gathers output until the guard has ended and the pipes are empty. Returns 0, or -1 if the caller
 * must end the guard. poll() looks at the guard's exit before the pipes are read, so that no output
 * is missed.
 */
static int collect(tm_job *job, const struct child *child, struct output *o)
{
    char data[READ_SIZE];
    struct pollfd ready[] = {
        {.fd = child->out_fd, .events = POLLIN},
        {.fd = child->err_fd, .events = POLLIN},
        {.fd = child->guard_fd, .events = POLLIN},
    };

    for (;;) {
        if (tm_should_stop(job))
            return tm_fail(job, "stopped", "command \"%.40s\" was stopped", child->name);
        if (poll(ready, sizeof(ready) / sizeof(ready[0]), STOP_CHECK_MS) < 0) {
            if (errno == EINTR)
                continue;
            return tm_fail(job, "no-output", "cannot wait for command \"%.40s\": %s", child->name,
                           strerror(errno));
        }
        size_t out_len = read_ready(&ready[0], data);
        if (out_len > 0 && take_stdout(job, o, data, out_len) < 0)
            return -1;
        size_t err_len = read_ready(&ready[1], data);
        take_stderr(o, data, err_len);
        if (ready[2].revents != 0 && out_len == 0 && err_len == 0)
            return 0;
    }
}

/* Ending */

/* The first line of stderr, for a message. */
static int first_line(const struct output *o)
{
    const char *end = memchr(o->err, '\n', o->err_len);
    size_t len = end != NULL ? (size_t)(end - o->err) : o->err_len;

    return (int)(len < 300 ? len : 300);
}

static int fail_status(tm_job *job, const struct child *child, int status, const struct output *o)
{
    const char *colon = o->err_len > 0 ? ": " : "";

    tm_reply(job, o->err, o->err_len);
    if (WIFSIGNALED(status)) {
        const char *signal_name = sigabbrev_np(WTERMSIG(status));
        return tm_fail(job, "signal", "command \"%.40s\" was ended by signal %d (SIG%s)%s%.*s",
                       child->name, WTERMSIG(status), signal_name != NULL ? signal_name : "?",
                       colon, first_line(o), o->err);
    }
    if (WEXITSTATUS(status) == RETRY_STATUS)
        return tm_retry(job, RETRY_MS, "exit-status",
                        "command \"%.40s\" asks for another try, by status %d%s%.*s", child->name,
                        RETRY_STATUS, colon, first_line(o), o->err);
    return tm_fail(job, "exit-status", "command \"%.40s\" ended with status %d%s%.*s", child->name,
                   WEXITSTATUS(status), colon, first_line(o), o->err);
}

static int succeed(tm_job *job, const struct output *o)
{
    /* To the log, for this job. An unfinished line would run into the next job's output. */
    fwrite(o->err, 1, o->err_len, stderr);
    if (o->err_len > 0 && o->err[o->err_len - 1] != '\n')
        fputc('\n', stderr);
    return o->passing ? 0 : tm_reply(job, o->out, o->out_len);
}

static int fail_start(tm_job *job, const struct child *child, int error)
{
    return tm_fail(job, "cannot-start", "command \"%.40s\": cannot run %.200s: %s", child->name,
                   child->program, strerror(error));
}

/* After the guard's end: makes the job's outcome from the guard's message. A killed guard has sent
 * none. */
static int judge(tm_job *job, const struct child *child, const struct output *o)
{
    struct guard_message message;

    if (read(child->status_fd, &message, sizeof(message)) != (ssize_t)sizeof(message))
        return tm_fail(job, "no-status", "the status of command \"%.40s\" is not known",
                       child->name);
    if (message.error != 0)
        return fail_start(job, child, message.error);
    return message.status == 0 ? succeed(job, o) : fail_status(job, child, message.status, o);
}

/* The guard's wait status is of no interest, and a module ignoring SIGCHLD would lose it. */
static void reap_guard(const struct child *child)
{
    while (waitpid(child->guard, NULL, 0) < 0 && errno == EINTR)
        ;
}

static void end_guard(const struct child *child)
{
    kill(child->guard, SIGTERM);
    reap_guard(child);
}

static int attend(tm_job *job, const struct child *child, struct output *o)
{
    if (collect(job, child, o) < 0) {
        end_guard(child);
        return -1;
    }
    reap_guard(child);
    return judge(job, child, o);
}

static int run_command(tm_job *job, const char *name, char **argv, const char *input,
                       size_t input_len)
{
    struct child child = {.name = name,
                          .program = argv[0],
                          .guard = -1,
                          .guard_fd = -1,
                          .status_fd = -1,
                          .out_fd = -1,
                          .err_fd = -1};
    struct output *output = malloc(sizeof(*output));
    int error = output != NULL ? child_start(&child, argv, input, input_len) : ENOMEM;
    int result;

    if (error == 0) {
        output->out_len = output->err_len = 0;
        output->passing = false;
        result = attend(job, &child, output);
    } else {
        if (child.guard > 0)
            end_guard(&child);
        result = fail_start(job, &child, error);
    }
    child_close(&child);
    free(output);
    return result;
}

/* Returns the argument vector, freed by the caller; the strings belong to the settings. */
static char **make_argv(const json_t *command)
{
    size_t count = json_array_size(command);
    char **argv = malloc((count + 1) * sizeof(*argv));

    for (size_t i = 0; argv != NULL && i < count; i++)
        argv[i] = (char *)json_string_value(json_array_get(command, i));
    if (argv != NULL)
        argv[count] = NULL;
    return argv;
}

/* Returns the configured names, for a message; freed by the caller. */
static char *list_commands(void)
{
    char *list = NULL;
    size_t size;
    FILE *out = open_memstream(&list, &size);
    const char *name;
    json_t *command;
    const char *separator = "";

    if (out == NULL)
        return NULL;
    json_object_foreach (commands, name, command) {
        fprintf(out, "%s%s", separator, name);
        separator = ", ";
    }
    fclose(out);
    return list;
}

static int fail_unknown(tm_job *job, const char *data, size_t name_len)
{
    char *known = list_commands();
    int shown_len = (int)(name_len < 40 ? name_len : 40);

    tm_fail(job, "bad-input", "found \"%.*s\" on the first line, expected a command: %s", shown_len,
            data, known != NULL && known[0] != '\0' ? known : "none is configured");
    free(known);
    return -1;
}

static int run(tm_job *job)
{
    size_t len;
    const char *data = tm_job_data(job, &len);
    const char *line_end = memchr(data, '\n', len);
    size_t name_len = line_end != NULL ? (size_t)(line_end - data) : len;
    size_t input_at = line_end != NULL ? name_len + 1 : len;
    json_t *command = json_object_getn(commands, data, name_len);

    if (command == NULL)
        return fail_unknown(job, data, name_len);
    char *name = strndup(data, name_len);
    char **argv = make_argv(command);
    int result = -1;
    if (name == NULL || argv == NULL)
        tm_fail(job, "cannot-start", "no memory to start a command");
    else
        result = run_command(job, name, argv, data + input_at, len - input_at);
    free(argv);
    free(name);
    return result;
}

static const char *describe(void)
{
    return "{\"help\":\"Runs the configured command that the payload's first line names; the rest "
           "is its stdin, its stdout the result.\",\"input\":{\"type\":\"string\"}}";
}

TM_MODULE(.name = "exec", .version = "1.0", .init = init, .run = run, .fini = fini,
          .describe = describe);
