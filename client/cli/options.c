/* options: see options.h. */
#include "options.h"

#include "command.h"
#include "complain.h"
#include "option_number.h"
#include "options_keep.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    JOBS_MAX = 4096,
    WAIT_MAX_MS = 600000,
    LIMIT_MAX = 1000000,
};

static int set_server(struct settings *settings, const char *value)
{
    settings->server = value;
    return 0;
}

static int set_queue(struct settings *settings, const char *value)
{
    (void)value;
    settings->queue = true;
    return 0;
}

static int set_token_file(struct settings *settings, const char *value)
{
    settings->token_file = value;
    return 0;
}

static int set_json(struct settings *settings, const char *value)
{
    (void)value;
    settings->json = true;
    return 0;
}

static int set_timeout(struct settings *settings, const char *value)
{
    uint32_t ms;
    if (option_seconds("timeout", value, &ms) < 0)
        return -1;
    settings->deadline = tmc_deadline_in((int)ms);
    settings->has_deadline = true;
    return 0;
}

static int set_soft_timeout(struct settings *settings, const char *value)
{
    return option_seconds("soft-timeout", value, &settings->soft_timeout_ms);
}

static int set_max_wait(struct settings *settings, const char *value)
{
    return option_seconds("max-wait", value, &settings->max_wait_ms);
}

static int set_retry(struct settings *settings, const char *value)
{
    return option_seconds("retry", value, &settings->retry_ms);
}

static int set_job_timeout(struct settings *settings, const char *value)
{
    /* INT32_MAX is the protocol's limit. */
    return option_number("timeout-ms", value, 1, INT32_MAX, &settings->job_timeout_ms);
}

static int set_jobs(struct settings *settings, const char *value)
{
    return option_number("jobs", value, 1, JOBS_MAX, &settings->jobs);
}

static int set_wait(struct settings *settings, const char *value)
{
    return option_number("wait-ms", value, 0, WAIT_MAX_MS, &settings->wait_ms);
}

/* There is room for one of each argument of the command line. */
static int add_wish(struct settings *settings, const char *kind, const char *text, uint32_t number)
{
    settings->wishes[settings->wish_count++] =
        (struct wish){.kind = kind, .text = text, .number = number};
    return 0;
}

static int set_worker(struct settings *settings, const char *value)
{
    if (option_number("worker", value, 1, UINT32_MAX, &settings->worker) < 0)
        return -1;
    return add_wish(settings, "worker", NULL, settings->worker);
}

static int set_client(struct settings *settings, const char *value)
{
    if (option_number("client", value, 1, UINT32_MAX, &settings->client) < 0)
        return -1;
    return add_wish(settings, "client", NULL, settings->client);
}

static int set_job(struct settings *settings, const char *value)
{
    return add_wish(settings, "job", value, 0);
}

static int set_service(struct settings *settings, const char *value)
{
    settings->service = value;
    return add_wish(settings, "service", value, 0);
}

static int set_pool(struct settings *settings, const char *value)
{
    settings->pool = value;
    return add_wish(settings, "pool", value, 0);
}

static int set_workers(struct settings *settings, const char *value)
{
    (void)value;
    return add_wish(settings, "workers", NULL, 0);
}

static int set_owner(struct settings *settings, const char *value)
{
    settings->owner = value;
    return 0;
}

static int set_reason(struct settings *settings, const char *value)
{
    settings->reason = value;
    return 0;
}

static int set_state(struct settings *settings, const char *value)
{
    static const char *const states[] = {"waiting", "running", "stopping", "delayed",
                                         "handed",  "done",    "failed"};
    settings->state = value;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (strcmp(value, states[i]) == 0)
            return 0;
    complain("--state wants waiting, running or stopping (of a queue also delayed, handed, done or "
             "failed), not '%s'",
             value);
    return -1;
}

static int set_limit(struct settings *settings, const char *value)
{
    return option_number("limit", value, 1, LIMIT_MAX, &settings->limit);
}

/* The server knows the range. */
static int parse_size(const char *name, const char *value, int64_t *size)
{
    uint32_t number = 0;
    int parsed = option_number(name, value, 0, INT32_MAX, &number);
    *size = number;
    return parsed;
}

static int set_pool_start(struct settings *settings, const char *value)
{
    return parse_size("pool-start", value, &settings->size.pool_start);
}

static int set_pool_max(struct settings *settings, const char *value)
{
    return parse_size("pool-max", value, &settings->size.pool_max);
}

static int set_job_max(struct settings *settings, const char *value)
{
    return parse_size("job-max", value, &settings->size.job_max);
}

static int set_waiting(struct settings *settings, const char *value)
{
    settings->waiting = value;
    if (strcmp(value, "fail") == 0 || strcmp(value, "run") == 0)
        return 0;
    complain("--waiting wants fail or run, not '%s'", value);
    return -1;
}

static int set_module(struct settings *settings, const char *value)
{
    settings->module = value;
    return 0;
}

static int set_exec(struct settings *settings, const char *value)
{
    settings->command = value;
    return 0;
}

static int set_context(struct settings *settings, const char *value)
{
    settings->context = value;
    return 0;
}

static int set_each(struct settings *settings, const char *value)
{
    (void)value;
    settings->each = true;
    return 0;
}

static int set_stream(struct settings *settings, const char *value)
{
    (void)value;
    settings->streams = true;
    return 0;
}

static int set_progress(struct settings *settings, const char *value)
{
    (void)value;
    settings->shows_progress = true;
    return 0;
}

static int set_null(struct settings *settings, const char *value)
{
    (void)value;
    settings->null = true;
    return 0;
}

static int set_job_log(struct settings *settings, const char *value)
{
    settings->job_log = value;
    return 0;
}

static int set_resume(struct settings *settings, const char *value)
{
    (void)value;
    settings->resumes = true;
    return 0;
}

static int set_reconnect(struct settings *settings, const char *value)
{
    return option_seconds("reconnect", value, &settings->reconnect_ms);
}

static int set_unordered(struct settings *settings, const char *value)
{
    (void)value;
    settings->unordered = true;
    return 0;
}

static int set_link(struct settings *settings, const char *value)
{
    (void)value;
    settings->unlinked = false;
    return 0;
}

static int set_no_link(struct settings *settings, const char *value)
{
    (void)value;
    settings->unlinked = true;
    return 0;
}

static int set_once(struct settings *settings, const char *value)
{
    (void)value;
    settings->once = true;
    return 0;
}

static int set_interval(struct settings *settings, const char *value)
{
    char *end;
    double seconds = strtod(value, &end);
    if (end == value || *end || !isfinite(seconds) || seconds < 0.1 || seconds > 3600) {
        complain("--interval wants seconds, from 0.1 to 3600, not '%s'", value);
        return -1;
    }
    settings->interval_ms = (uint32_t)(seconds * 1000);
    return 0;
}

const struct option_row options[] = {
    {"each", NULL, VALUE_PLAIN, COMMAND_RUN, set_each, "one job for each line of standard input"},
    {"unordered", NULL, VALUE_PLAIN, COMMAND_RUN, set_unordered,
     "with --each: print results as they come"},
    {"jobs", "N", VALUE_PLAIN, COMMAND_RUN, set_jobs,
     "with --each: jobs in flight, 1 to 4096; default 16"},
    {"null", NULL, VALUE_PLAIN, COMMAND_RUN, set_null,
     "with --each: lines end with a NUL; also -0"},
    {"joblog", "FILE", VALUE_PLAIN, COMMAND_RUN, set_job_log,
     "with --each: log the end of each line's job"},
    {"resume", NULL, VALUE_PLAIN, COMMAND_RUN, set_resume,
     "with --each: pass over the lines in the log"},
    {"reconnect", "SECONDS", VALUE_PLAIN, COMMAND_RUN | COMMAND_WAIT, set_reconnect,
     "look so long for a lost server (run: with --each)"},
    {"stream", NULL, VALUE_PLAIN, COMMAND_RUN, set_stream,
     "print the parts of the result as they come"},
    {"progress", NULL, VALUE_PLAIN, COMMAND_RUN | COMMAND_WAIT, set_progress,
     "show the job's progress on standard error"},
    {"retry", "SECONDS", VALUE_PLAIN, COMMAND_RUN, set_retry,
     "submit again for so long if the server is full or lost"},
    {"timeout-ms", "N", VALUE_PLAIN, COMMAND_RUN | COMMAND_SUBMIT, set_job_timeout,
     "the job's time in a worker, milliseconds"},
    {"soft-timeout", "SECONDS", VALUE_PLAIN, COMMAND_RUN | COMMAND_SUBMIT, set_soft_timeout,
     "the same, after which only the stop flag is set"},
    {"max-wait", "SECONDS", VALUE_PLAIN, COMMAND_RUN | COMMAND_SUBMIT, set_max_wait,
     "fail a job that has not begun by then"},
    {"context", "JSON", VALUE_PLAIN, COMMAND_RUN | COMMAND_SUBMIT, set_context,
     "returned with the job's end; run --json shows it"},
    {"link", NULL, VALUE_PLAIN, COMMAND_RUN, set_link,
     "cancel the job if the command ends (default)"},
    {"no-link", NULL, VALUE_PLAIN, COMMAND_RUN, set_no_link,
     "let a running job go on if the command ends"},
    {"wait-ms", "N", VALUE_PLAIN, COMMAND_PING, set_wait,
     "wait so long for an answer, milliseconds; default 0"},
    {"job", "JOB", VALUE_JOB, COMMAND_MONITOR, set_job, "a job, by the server's id"},
    {"worker", "ID", VALUE_WORKER, COMMAND_WORKER | COMMAND_MONITOR, set_worker,
     "a worker's number, as in `taskmaster workers`"},
    {"workers", NULL, VALUE_PLAIN, COMMAND_MONITOR, set_workers, "all workers"},
    {"client", "ID", VALUE_CLIENT, COMMAND_JOBS | COMMAND_MONITOR, set_client,
     "a client's number, as in `taskmaster clients`"},
    {"service", "NAME", VALUE_SERVICE, COMMAND_SUBMIT | COMMAND_MONITOR, set_service,
     "a registered name, as in `taskmaster services`"},
    {"exec", "CMD", VALUE_PLAIN, COMMAND_REGISTER, set_exec, "run this by sh for each event"},
    {"pool-start", "N", VALUE_PLAIN, COMMAND_RESIZE, set_pool_start, "workers kept"},
    {"pool-max", "N", VALUE_PLAIN, COMMAND_RESIZE, set_pool_max, "workers at most"},
    {"job-max", "N", VALUE_PLAIN, COMMAND_RESIZE, set_job_max, "waiting jobs at most"},
    {"waiting", "WHAT", VALUE_WAITING, COMMAND_DRAIN, set_waiting,
     "waiting jobs: fail, or run; default: the server's"},
    {"module", "NAME", VALUE_MODULE,
     COMMAND_CRASHES | COMMAND_JOBS | COMMAND_SELECT | COMMAND_RETRY | COMMAND_WATCH, set_module,
     "of this module alone"},
    {"pool", "NAME", VALUE_POOL, COMMAND_JOBS | COMMAND_SELECT | COMMAND_WATCH | COMMAND_MONITOR,
     set_pool, "of this pool alone"},
    {"owner", "NAME", VALUE_PLAIN, COMMAND_JOBS | COMMAND_SELECT | COMMAND_RETRY, set_owner,
     "of this owner alone, the name of a token"},
    {"state", "STATE", VALUE_STATE, COMMAND_JOBS | COMMAND_SELECT, set_state,
     "waiting, running, stopping; queue: also delayed, ..."},
    {"limit", "N", VALUE_PLAIN, COMMAND_JOBS | COMMAND_CLIENTS, set_limit,
     "at most so many; default 100"},
    {"once", NULL, VALUE_PLAIN, COMMAND_TOP, set_once, "print everything once; also -1"},
    {"interval", "SECONDS", VALUE_PLAIN, COMMAND_TOP | COMMAND_DOCTOR, set_interval,
     "between two looks; default 1, of doctor 0.5"},
    {"key", "KEY", VALUE_PLAIN, COMMAND_RUN | COMMAND_SUBMIT, options_keep_key,
     "queue: join the job with the same key, if there is one"},
    {"delay", "SECONDS", VALUE_PLAIN, COMMAND_RUN | COMMAND_SUBMIT, options_keep_delay,
     "queue: begin no sooner than after this time"},
    {"at", "TIME", VALUE_PLAIN, COMMAND_RUN | COMMAND_SUBMIT, options_keep_at,
     "queue: begin no sooner, 2026-12-24T18:00:00Z"},
    {"priority", "N", VALUE_PLAIN, COMMAND_RUN | COMMAND_SUBMIT, options_keep_priority,
     "queue: 0 to 9, higher first; default 5"},
    {"retries", "N", VALUE_PLAIN, COMMAND_RUN | COMMAND_SUBMIT, options_keep_retries,
     "queue: run a failed job again, 0 to 100 times"},
    {"retry-on", "REASONS", VALUE_PLAIN, COMMAND_RUN | COMMAND_SUBMIT, options_keep_retry_on,
     "queue: after these; default error,timeout"},
    {"retry-delay", "SECONDS", VALUE_PLAIN, COMMAND_RUN | COMMAND_SUBMIT, options_keep_retry_delay,
     "queue: before the first retry; default 1"},
    {"ttl", "SECONDS", VALUE_PLAIN, COMMAND_RUN | COMMAND_SUBMIT, options_keep_ttl,
     "queue: how long the outcome is kept"},
    {"reason", "REASON", VALUE_PLAIN, COMMAND_RETRY | COMMAND_JOBS, set_reason,
     "queue: those that failed so alone"},
    {"queue", NULL, VALUE_PLAIN, COMMAND_ANY, set_queue, "ask taskqueued instead of taskmasterd"},
    {"server", "ADDR", VALUE_PLAIN, COMMAND_ANY, set_server, "HOST:PORT, [IPV6]:PORT or unix:PATH"},
    {"token-file", "FILE", VALUE_PLAIN, COMMAND_ANY, set_token_file,
     "the file with the server's token"},
    {"timeout", "SECONDS", VALUE_PLAIN, COMMAND_ANY, set_timeout,
     "give up after this long; decimals are allowed"},
    {"json", NULL, VALUE_PLAIN, COMMAND_ANY, set_json, "print the answer as one line of JSON"},
    {.name = NULL},
};

_Static_assert(sizeof options / sizeof options[0] <= OPTIONS_MAX + 1, "more options than bits");
