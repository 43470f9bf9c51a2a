/* settings: one invocation of `taskmaster`, from its arguments and the environment. */
#ifndef TASKMASTER_CLIENT_CLI_SETTINGS_H
#define TASKMASTER_CLIENT_CLI_SETTINGS_H

#include "client/lib/deadline.h"
#include "taskmaster/client.h"

/* The limit for an immediate answer without --timeout. */
enum { ANSWER_MAX_MS = 10000 };

/* Something named by an option that may be given more than once. */
struct wish {
    const char *kind; /* the protocol's field, "job" */
    const char *text; /* NULL: a number, or nothing to name */
    uint32_t number;
};

/* The fields of a submit that taskqueued alone knows; NULL and 0: not given. */
struct keep_wishes {
    const char *key, *at;
    const char *retry_on; /* words with commas between them */
    uint64_t delay_ms, retry_delay_ms, ttl_ms;
    uint32_t priority, retries;
    bool has_priority, has_retry_delay; /* whose 0 has a meaning */
};

/* Texts are borrowed from argv and the environment. */
struct settings {
    const char *server;     /* NULL: not given, until arguments_choose_server() */
    bool server_given;      /* --server was given */
    bool queue;             /* the server is taskqueued, as far as the command line says so */
    const char *token_file; /* NULL: no token */
    bool json;
    bool has_deadline; /* --timeout was given */
    int64_t deadline;  /* of the whole command (deadline.h); else TMC_DEADLINE_NEVER */

    uint32_t wait_ms;   /* ping: for a server without an answer yet */
    uint32_t answer_ms; /* for the answer to a hello; 0: ANSWER_MAX_MS */

    bool once;            /* top: printed once */
    uint32_t interval_ms; /* top, doctor: between two looks; 0: not given */

    /* Filters of crashes, jobs, cancel, kill, retry and watch; NULL and 0: not given. */
    const char *module, *pool, *owner, *state, *reason;
    uint32_t client; /* a connection's number */
    uint32_t limit;  /* jobs, clients: rows shown; 0: not given */

    struct wish *wishes; /* monitor: owned; in the order given */
    int wish_count;

    uint32_t worker;          /* kill, recycle: this worker's number; 0: not given */
    const char *waiting;      /* drain: "fail" or "run"; NULL: not given */
    tm_client_pool_size size; /* resize; -1: not given */

    bool each;
    bool unordered;
    bool unlinked;           /* jobs outlive the command */
    uint32_t jobs;           /* in flight; 0: not given */
    bool streams;            /* run: parts of the result as they come */
    bool shows_progress;     /* run: the job's own progress */
    bool null;               /* run --each: lines end with a NUL */
    const char *job_log;     /* run --each: NULL: none */
    bool resumes;            /* run --each: not the lines in the log */
    uint32_t reconnect_ms;   /* run --each, wait: 0: never */
    uint32_t retry_ms;       /* run: submit again for so long; 0: never */
    uint32_t job_timeout_ms; /* these three: 0: not given */
    uint32_t soft_timeout_ms;
    uint32_t max_wait_ms;
    struct keep_wishes keep; /* run, submit */
    const char *service;     /* submit: for this service; NULL: none */
    const char *context;     /* JSON text; NULL: none */
    const char *command;     /* register: for sh, run for each event; NULL: events are printed */

    char **args; /* the arguments behind the command's name */
    int arg_count;
};

/* Returns the options of a submit. */
static inline tm_client_submit_options settings_submit_options(const struct settings *settings)
{
    return (tm_client_submit_options){.context = settings->context,
                                      .timeout_ms = settings->job_timeout_ms,
                                      .soft_timeout_ms = settings->soft_timeout_ms,
                                      .max_wait_ms = settings->max_wait_ms,
                                      .link = !settings->unlinked};
}

/* Returns the rest of --timeout in milliseconds, at most `max_ms`; -1: no limit. */
static inline int settings_time_left_ms(const struct settings *settings, int max_ms)
{
    return tmc_deadline_earlier_ms(tmc_deadline_left_ms(settings->deadline), max_ms);
}

#endif
