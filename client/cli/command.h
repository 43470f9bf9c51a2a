/*
 * command: what the subcommands of `taskmaster` share: their settings, exit statuses, diagnostics
 * and the way to a connected client.
 *
 *     main -> command -> cmd_run, cmd_each, cmd_job, cmd_server
 *                             -> interrupt, lines, progress, report, sink, table
 *                                  -> taskmaster/client.h
 *
 * The command holds no protocol code: what it knows of the server it knows from client.h. It is
 * a program and not a library: memory that runs out ends it, with a message.
 */
#ifndef TASKMASTER_CLIENT_CLI_COMMAND_H
#define TASKMASTER_CLIENT_CLI_COMMAND_H

#include "taskmaster/client.h"

/* sysexits(3) where it has a word for it, timeout(1) and xargs(1) where they have. */
enum {
    EXIT_DONE = 0,
    EXIT_JOB_FAILED = 1,
    EXIT_BAD_USAGE = 64,
    EXIT_UNREACHABLE = 69,
    EXIT_WORKER_LOST = 70,
    EXIT_TRY_AGAIN = 75, /* the server has no room now, or drains */
    EXIT_SOME_FAILED = 123,
    EXIT_TIMED_OUT = 124,
};

/* One invocation. Texts are borrowed from argv and the environment. */
struct settings {
    const char *server;
    const char *token_file; /* NULL: no token */
    bool json;
    bool has_deadline; /* --timeout was given: */
    int64_t deadline;  /* of the whole command, see deadline.h; else TMC_DEADLINE_NEVER */

    uint32_t wait_ms; /* for a server that does not answer yet */

    bool each;
    bool unordered;
    bool unlinked;           /* jobs outlive the command */
    uint32_t jobs;           /* in flight; 0: not given */
    uint32_t job_timeout_ms; /* 0: not given */
    const char *context;     /* JSON text; NULL: none */

    char **args; /* what is left, behind the subcommand's name */
    int arg_count;
};

/* Parses, runs, returns the exit status. */
int command_main(int argc, char **argv);

/* The subcommands: each returns the exit status. */
int cmd_run(const struct settings *settings);
int cmd_each(const struct settings *settings);
int cmd_cancel(const struct settings *settings);
int cmd_kill(const struct settings *settings);
int cmd_ping(const struct settings *settings);
int cmd_stats(const struct settings *settings);
int cmd_workers(const struct settings *settings);

/* One line on stderr, "taskmaster: ...", in printf form. Control characters become '?', so that
 * what a server or a module says cannot steer the terminal. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A line that belongs to the complaint before it: indented, and otherwise the same. */
void complain_further(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* For complain(), of a payload that is not submitted: the server's payload_max follows. */
#define PAYLOAD_TOO_LARGE "the payload is larger than the %zu bytes that the server takes"

/* Writes to standard output as it is, for as long as --timeout allows. 0, or an exit status after a
 * complaint. */
int command_print(const struct settings *settings, const void *text, size_t size);

/* The same with a line for people, in printf form: it is cleaned and gets its LF. */
int command_print_line(const struct settings *settings, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Ends the command. */
_Noreturn void out_of_memory(void);

/* realloc() that does not fail. */
void *allocate(void *old, size_t size);

/* A connected client, to be freed with tm_client_free(). NULL: the fault was complained about, and
 * `*exit_status` is set. */
tm_client *command_connect(const struct settings *settings, int *exit_status);

/* Complains about a call that failed and returns the exit status that it means. With --json the
 * server's own word for it goes to stdout as any answer does, but for --each, where every object is
 * about a line. */
int command_failed(const struct settings *settings, const tm_client *client,
                   tm_client_status status);

/* What is left of --timeout in milliseconds, at most `max_ms` (-1: no such bound). */
int command_time_left_ms(const struct settings *settings, int max_ms);

/* The bound of an answer that is due at once, when no --timeout was given. */
enum { ANSWER_MAX_MS = 10000 };

#endif
