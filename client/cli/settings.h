/* settings: one invocation of `taskmaster`, from its arguments and the environment. */
#ifndef TASKMASTER_CLIENT_CLI_SETTINGS_H
#define TASKMASTER_CLIENT_CLI_SETTINGS_H

#include "client/lib/deadline.h"
#include "taskmaster/client.h"

/* The limit for an immediate answer without --timeout. */
enum { ANSWER_MAX_MS = 10000 };

/* Texts are borrowed from argv and the environment. */
struct settings {
    const char *server;
    const char *token_file; /* NULL: no token */
    bool json;
    bool has_deadline; /* --timeout was given */
    int64_t deadline;  /* of the whole command (deadline.h); else TMC_DEADLINE_NEVER */

    uint32_t wait_ms; /* ping: for a server without an answer yet */

    const char *module; /* crashes: of this module; NULL: of all */

    uint32_t worker;          /* kill, recycle: this worker's number; 0: not given */
    const char *waiting;      /* drain: "fail" or "run"; NULL: not given */
    tm_client_pool_size size; /* resize; -1: not given */

    bool each;
    bool unordered;
    bool unlinked;           /* jobs outlive the command */
    uint32_t jobs;           /* in flight; 0: not given */
    uint32_t job_timeout_ms; /* 0: not given */
    const char *context;     /* JSON text; NULL: none */

    char **args; /* the arguments behind the command's name */
    int arg_count;
};

/* Returns the rest of --timeout in milliseconds, at most `max_ms`; -1: no limit. */
static inline int settings_time_left_ms(const struct settings *settings, int max_ms)
{
    return tmc_deadline_earlier_ms(tmc_deadline_left_ms(settings->deadline), max_ms);
}

#endif
