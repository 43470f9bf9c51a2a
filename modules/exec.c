/*
 * exec: runs a configured command, so that a program in any language can do the work. The payload's
 * first line names the command, the rest is its stdin, and its stdout is the result.
 *
 *     "modules": {"exec": {"config": {"commands": {"sort": ["/usr/bin/sort", "-u"]}}}}
 *
 * Clients name commands and never write them; there is no shell. A command ending with a status
 * other than 0, or by a signal, fails the job, with its stderr as the details. The stderr of a
 * successful command goes to the log.
 *
 * stdin is a memory file and not a pipe: all input is there before the command starts. So nothing
 * has to be fed while output is read, a command ignoring its input causes no SIGPIPE, and neither
 * side can wait for the other. stdout is held back until the command ends, so that a failure's
 * details are stderr alone. Output beyond HOLD_MAX is passed on at once; in a failure's details, it
 * stands before stderr.
 *
 * The processes started by a command end with it, wherever they have moved: at the command's end,
 * when the job is stopped, and when the worker or the master dies. No signal reaches all of them: a
 * process in a new session is in no known group, and a death signal is for one process. So a guard
 * process stands between worker and command. The guard inherits orphans from below (as a
 * subreaper), notices the worker's death by its own death signal, and at its end kills its children
 * until none is left. The guard has a process group of its own, to survive a SIGKILL for the
 * worker's group and do its work. The command stays in the worker's group, in reach of the master's
 * signals. The guard is no separate program but a fork() of the worker: there is nothing to
 * install, find and execute before each command.
 *
 * A command ends with its own exit: its remaining children are killed and not waited for.
 */
#include <taskmaster/module.h>

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SETTING "modules.exec.config to {\"commands\":{\"NAME\":[\"/absolute/program\",\"arg\"]}}"

enum {
    HOLD_MAX = 1024 * 1024,
    STDERR_MAX = 64 * 1024, /* more of stderr is dropped */
    READ_SIZE = 64 * 1024,
    STOP_CHECK_MS = 10,
    END_MOMENT_NS = 5000000, /* between two looks for remaining processes, if none ends meanwhile */
    END_ROUNDS = 20,
};

/* One running command. Every descriptor is -1 or open; child_close() closes them. */
struct child {
    const char *name;
    const char *program;
    pid_t guard;
    int guard_fd;  /* readable once the guard has ended, and the command with it */
    int status_fd; /* read end of the pipe for the message */
    int out_fd;    /* read end of the command's stdout */
    int err_fd;
};

/* The guard's message about a command. Only the first message counts: a failed start comes before
 * an end. */
struct message {
    int error;  /* why the program could not be run, or 0 */
    int status; /* its wait status, if it was run */
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

/* The guard, and the command until exec: async-signal-safe calls only. Another module may have
 * threads in the worker, and nobody here would ever release their locks. */

enum { STATUS_FD = STDERR_FILENO + 1 }; /* the write end of the status pipe, in the guard */

struct start {
    char **argv;
    pid_t worker;
    pid_t group;           /* the worker's */
    int fd[STATUS_FD + 1]; /* index: the descriptor's number in the command */
};

static void tell(int status_fd, struct message message)
{
    /* Without a reader, the worker is dead and nobody needs the message. The guard must still end
     * the command's processes. */
    if (write(status_fd, &message, sizeof(message)) < 0)
        return;
}

_Noreturn static void fail_to_start(int status_fd)
{
    tell(status_fd, (struct message){.error = errno});
    _exit(127);
}

/* Leaves the guard only the command's descriptors and the status pipe. The worker's socket in the
 * guard would keep a dead worker's connection to the master open. */
static int place_descriptors(struct start *s)
{
    /* Move all out of the way first: one descriptor may have the number of another. */
    for (int i = 0; i <= STATUS_FD; i++) {
        int fd = fcntl(s->fd[i], F_DUPFD, STATUS_FD + 1);
        if (fd < 0)
            return -1;
        s->fd[i] = fd;
    }
    for (int i = 0; i <= STATUS_FD; i++) {
        if (dup2(s->fd[i], i) < 0)
            return -1;
    }
    s->fd[STATUS_FD] = STATUS_FD;
    return close_range(STATUS_FD + 1, ~0U, 0);
}

/* All signals were blocked before the fork and remain so. */
static int become_guard(struct start *s)
{
    prctl(PR_SET_NAME, "exec-guard");
    if (setpgid(0, 0) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ||
        prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
        return -1;
    /* If the worker died before the signal was armed, the parent is another process. */
    if (getppid() != s->worker)
        _exit(127);
    for (int signal_number = 1; signal_number < NSIG; signal_number++)
        signal(signal_number, SIG_DFL);
    return place_descriptors(s);
}

_Noreturn static void run_program(const struct start *s, pid_t guard)
{
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != guard)
        _exit(127);
    /* Fails if the group is gone, but then the worker is gone, too, and nobody reads the
     * message. */
    if (setpgid(0, s->group) == 0 && close_range(STATUS_FD, ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): check_commands() saw to it */
        execv(s->argv[0], s->argv);
    }
    fail_to_start(STATUS_FD);
}

/* Reaps ended children. Returns true, with the wait status, if the command was among them. */
static bool reap_ended(pid_t command, int *status)
{
    pid_t pid;

    while ((pid = waitpid(-1, status, WNOHANG)) > 0) {
        if (pid == command)
            return true;
    }
    return false;
}

/* Ignores strangers: a service manager may signal all processes of the daemon, and a command is to
 * finish while the daemon drains. The death signal bears the worker's pid, too. */
static bool is_from_worker(const siginfo_t *info, pid_t worker)
{
    return info->si_pid == worker || getppid() != worker;
}

/* Returns true with the wait status of the command, or false if the worker wants a stop or is
 * dead. */
static bool await_end(pid_t command, pid_t worker, int *status)
{
    siginfo_t info;
    sigset_t awaited;

    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGTERM);
    for (;;) {
        if (sigwaitinfo(&awaited, &info) == SIGTERM && is_from_worker(&info, worker))
            return false;
        if (reap_ended(command, status))
            return true;
    }
}

/* Kills a child. Returns false if `pid` is no child (a /proc of another pid namespace has other
 * numbers) or cannot be killed (after a change of its user). */
static bool kill_child(pid_t pid)
{
    siginfo_t info;

    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           kill(pid, SIGKILL) == 0;
}

/* Returns how many children were killed; 0 also where /proc has no list. While children come and
 * go, the kernel may leave some out of the list. */
static int kill_children(void)
{
    int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    char data[1024];
    ssize_t len;
    pid_t pid = 0;
    int killed = 0;

    while (fd >= 0 && (len = read(fd, data, sizeof(data))) > 0) {
        for (ssize_t i = 0; i < len; i++) { /* each number is followed by a space */
            if (data[i] >= '0' && data[i] <= '9') {
                pid = 10 * pid + (data[i] - '0');
            } else {
                killed += kill_child(pid);
                pid = 0;
            }
        }
    }
    if (fd >= 0)
        close(fd);
    return killed;
}

/* Returns false once no child is left. */
static bool reap_all(void)
{
    pid_t pid;

    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
        ;
    return pid == 0;
}

/* Kills everything below the guard; `command` is 0 if reaped already. Killing one generation makes
 * the next one our children. A round without a kill may be bad luck; END_ROUNDS of them mean:
 * nobody can be killed. */
static void end_all(pid_t command)
{
    const struct timespec moment = {.tv_nsec = END_MOMENT_NS};
    sigset_t awaited;

    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    if (command > 0)
        kill(command, SIGKILL);
    for (int in_vain = 0; in_vain < END_ROUNDS; in_vain++) {
        if (kill_children() > 0)
            in_vain = 0;
        if (!reap_all())
            return;
        sigtimedwait(&awaited, NULL, &moment);
    }
}

_Noreturn static void guard_command(struct start *s)
{
    pid_t self = getpid();
    int status;

    if (become_guard(s) < 0)
        fail_to_start(s->fd[STATUS_FD]);
    pid_t command = _Fork(); /* fork() takes locks */
    if (command == 0)
        run_program(s, self);
    if (command < 0)
        fail_to_start(STATUS_FD);
    bool ended = await_end(command, s->worker, &status);
    if (ended)
        tell(STATUS_FD, (struct message){.status = status});
    end_all(ended ? 0 : command);
    _exit(0);
}

/* Starting, from the worker's side */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void child_close(struct child *child)
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

/* Signals stay blocked across fork(): a handler of a module must not run in the child. */
static pid_t fork_guard(struct start *s)
{
    sigset_t all;
    sigset_t before;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        guard_command(s);
    int error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

/* Returns 0, or the errno of the failed call. After a failure with child->guard > 0, the caller
 * must end the guard. */
static int child_start(struct child *child, char **argv, const char *input, size_t input_len)
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
    struct start start = {
        .argv = argv,
        .worker = getpid(),
        .group = getpgrp(),
        .fd = {in, out[1], err[1], status[1]},
    };
    child->guard = fork_guard(&start);
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
    struct message message;

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
