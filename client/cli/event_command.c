/* event_command: see event_command.h. */
#include "event_command.h"

#include "allocate.h"
#include "ask.h"
#include "complain.h"
#include "interrupt.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    READ_EVERY_MS = 5000, /* well within the server's output-timeout-ms */
    READS_MAX = 64,       /* of at most 1 MiB each: for a command that never ends */
    KEY_MAX = 64,
};

extern char **environ;

/* --- the environment --- */

/* The command's own settings, which a command may need for another request. */
static bool is_setting(const char *name)
{
    return strcmp(name, "TASKMASTER_SERVER") == 0 || strcmp(name, "TASKMASTER_TOKEN_FILE") == 0;
}

/* Returns a copy of the variable's name, owned by the caller; NULL: the variable is no field of an
 * event. */
static char *name_of_field(const char *variable)
{
    const char *end = strchr(variable, '=');
    if (!end || strncmp(variable, "TASKMASTER_", 11) != 0)
        return NULL;
    char *name = strndup(variable, (size_t)(end - variable));
    if (!name)
        allocate_failed();
    if (!is_setting(name))
        return name;
    free(name);
    return NULL;
}

/* Removes the fields of an outer event. The list moves up with each. */
static void remove_fields(void)
{
    for (char **at = environ; *at;) {
        char *name = name_of_field(*at);
        bool is_gone = name && unsetenv(name) == 0;
        free(name);
        at = is_gone ? environ : at + 1;
    }
}

/* Writes TASKMASTER_KEY. False for a key that is no name of a variable, or one of a setting. */
static bool make_name(char *name, size_t size, const char *key)
{
    if (strlen(key) > KEY_MAX || strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_") < strlen(key))
        return false;
    snprintf(name, size, "TASKMASTER_%s", key);
    for (char *at = name; *at; at++)
        *at = (char)toupper((unsigned char)*at);
    return !is_setting(name);
}

static void add_field(const char *key, const json_t *value)
{
    char name[KEY_MAX + 16];
    if (!make_name(name, sizeof name, key))
        return;
    char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (setenv(name, text ? text : json_string_value(value), 1) < 0)
        allocate_failed();
    free(text);
}

static void set_environment(const tm_client_event *event)
{
    const char *key;
    json_t *value, *header = ask_load_header(event);
    remove_fields();
    json_object_foreach (header, key, value) {
        add_field(key, value);
    }
    json_decref(header);
}

/* --- the process --- */

/* The signals of interrupt.h are blocked here, and a child inherits the mask. */
static _Noreturn void become(const char *command, const tm_client_event *event, int input)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    set_environment(event);
    if (dup2(input, STDIN_FILENO) >= 0)
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    complain("cannot run /bin/sh: %s", strerror(errno));
    _exit(127);
}

struct process {
    pid_t pid;
    int end;   /* readable once the process has ended */
    int input; /* -1: the rest of the payload is not wanted */
};

static void end_input(struct process *process)
{
    if (process->input >= 0)
        close(process->input);
    process->input = -1;
}

/* A process that cannot be watched is ended. Returns -1 after a complaint. */
static int give_up(struct process *process)
{
    complain("cannot start a command: %s", strerror(errno));
    end_input(process);
    if (process->end >= 0)
        close(process->end);
    if (process->pid > 0 && kill(process->pid, SIGKILL) == 0)
        waitpid(process->pid, NULL, 0);
    return -1;
}

/* Returns 0, or -1 after a complaint. */
static int start(struct process *process, const char *command, const tm_client_event *event)
{
    int input[2];
    *process = (struct process){.pid = -1, .end = -1, .input = -1};
    if (pipe2(input, O_CLOEXEC) < 0)
        return give_up(process);
    process->input = input[1];
    process->pid = fork();
    if (process->pid == 0)
        become(command, event, input[0]);
    close(input[0]);
    process->end = process->pid > 0 ? pidfd_open(process->pid, 0) : -1;
    if (process->end < 0 || fcntl(process->input, F_SETFL, O_NONBLOCK) < 0)
        return give_up(process);
    return 0;
}

/* Writes more of the payload. A command need not read all of it. */
static void write_some(struct process *process, const tm_client_event *event, size_t *written)
{
    const char *data = event->data;
    ssize_t n = write(process->input, data + *written, event->size - *written);
    if (n > 0)
        *written += (size_t)n;
    if (*written == event->size || (n < 0 && errno != EAGAIN && errno != EINTR))
        end_input(process);
}

static void feed(struct process *process, const struct event_command *command,
                 const tm_client_event *event)
{
    size_t written = 0;
    int reads = 0;
    struct pollfd polled[] = {
        {.fd = process->end, .events = POLLIN}, {.events = POLLOUT}, {.events = POLLIN}};
    if (event->size == 0)
        end_input(process);
    while (!polled[0].revents) {
        polled[1].fd = process->input;
        polled[2].fd = *command->interrupted ? -1 : command->signals;
        int count = poll(polled, 3, READ_EVERY_MS);
        if (count > 0 && polled[1].revents)
            write_some(process, event, &written);
        if (count == 0 && reads++ < READS_MAX)
            tm_client_process(command->client);
        if (count > 0 && polled[2].revents && interrupt_take(command->signals))
            *command->interrupted = true;
    }
    end_input(process);
}

/* Returns 0, or -1 after a complaint. */
static int judge(int status, const tm_client_event *event)
{
    const char *job = event->job ? event->job : "?";
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFEXITED(status))
        complain("the command for job %s ended with status %d", job, WEXITSTATUS(status));
    else
        complain("the command for job %s was ended by signal %d", job, WTERMSIG(status));
    return -1;
}

int event_command_run(const struct event_command *command, const tm_client_event *event)
{
    struct process process;
    int status = 0;
    if (start(&process, command->line, event) < 0)
        return -1;
    feed(&process, command, event);
    waitpid(process.pid, &status, 0);
    close(process.end);
    return judge(status, event);
}
