/* options: see options.h. */
#include "options.h"

#include "command.h"
#include "complain.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    JOBS_MAX = 4096,
    WAIT_MAX_MS = 600000,
};

static int set_server(struct settings *settings, const char *value)
{
    settings->server = value;
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
    char *end;
    double seconds = strtod(value, &end);
    if (end == value || *end || !isfinite(seconds) || seconds <= 0 || seconds > 1e6) {
        complain("--timeout wants seconds, more than 0 and at most 1000000, not '%s'", value);
        return -1;
    }
    settings->deadline = tmc_deadline_in((int)(seconds * 1000 + 0.999));
    settings->has_deadline = true;
    return 0;
}

static int parse_number(const char *name, const char *value, uint32_t min, uint32_t max,
                        uint32_t *number)
{
    char *end;
    errno = 0;
    unsigned long long parsed = strtoull(value, &end, 10);
    if (*value < '0' || *value > '9' || *end || errno || parsed < min || parsed > max) {
        complain("--%s wants a whole number from %u to %u, not '%s'", name, min, max, value);
        return -1;
    }
    *number = (uint32_t)parsed;
    return 0;
}

static int set_job_timeout(struct settings *settings, const char *value)
{
    /* INT32_MAX is the protocol's limit. */
    return parse_number("timeout-ms", value, 1, INT32_MAX, &settings->job_timeout_ms);
}

static int set_jobs(struct settings *settings, const char *value)
{
    return parse_number("jobs", value, 1, JOBS_MAX, &settings->jobs);
}

static int set_wait(struct settings *settings, const char *value)
{
    return parse_number("wait-ms", value, 0, WAIT_MAX_MS, &settings->wait_ms);
}

static int set_worker(struct settings *settings, const char *value)
{
    return parse_number("worker", value, 1, UINT32_MAX, &settings->worker);
}

/* The server knows the range. */
static int parse_size(const char *name, const char *value, int64_t *size)
{
    uint32_t number = 0;
    int parsed = parse_number(name, value, 0, INT32_MAX, &number);
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

const struct option_row options[] = {
    {"each", NULL, VALUE_PLAIN, COMMAND_RUN, set_each, "one job for each line of standard input"},
    {"unordered", NULL, VALUE_PLAIN, COMMAND_RUN, set_unordered,
     "with --each: print results as they come"},
    {"jobs", "N", VALUE_PLAIN, COMMAND_RUN, set_jobs,
     "with --each: jobs in flight, 1 to 4096; default 16"},
    {"timeout-ms", "N", VALUE_PLAIN, COMMAND_RUN, set_job_timeout,
     "the job's time in a worker, milliseconds"},
    {"context", "JSON", VALUE_PLAIN, COMMAND_RUN, set_context,
     "returned in the job's result with --json"},
    {"link", NULL, VALUE_PLAIN, COMMAND_RUN, set_link,
     "cancel the job if the command ends (default)"},
    {"no-link", NULL, VALUE_PLAIN, COMMAND_RUN, set_no_link,
     "let a running job go on if the command ends"},
    {"wait-ms", "N", VALUE_PLAIN, COMMAND_PING, set_wait,
     "wait so long for an answer, milliseconds; default 0"},
    {"worker", "ID", VALUE_WORKER, COMMAND_WORKER, set_worker,
     "a worker's number, as in `taskmaster workers`"},
    {"pool-start", "N", VALUE_PLAIN, COMMAND_RESIZE, set_pool_start, "workers kept"},
    {"pool-max", "N", VALUE_PLAIN, COMMAND_RESIZE, set_pool_max, "workers at most"},
    {"job-max", "N", VALUE_PLAIN, COMMAND_RESIZE, set_job_max, "waiting jobs at most"},
    {"waiting", "WHAT", VALUE_WAITING, COMMAND_DRAIN, set_waiting,
     "waiting jobs: fail, or run; default: the server's"},
    {"module", "NAME", VALUE_MODULE, COMMAND_CRASHES, set_module,
     "crashes of this module; default: of all"},
    {"server", "ADDR", VALUE_PLAIN, COMMAND_ANY, set_server, "HOST:PORT, [IPV6]:PORT or unix:PATH"},
    {"token-file", "FILE", VALUE_PLAIN, COMMAND_ANY, set_token_file,
     "the file with the server's token"},
    {"timeout", "SECONDS", VALUE_PLAIN, COMMAND_ANY, set_timeout,
     "give up after this long; decimals are allowed"},
    {"json", NULL, VALUE_PLAIN, COMMAND_ANY, set_json, "print the answer as one line of JSON"},
    {.name = NULL},
};

_Static_assert(sizeof options / sizeof options[0] <= OPTIONS_MAX + 1, "more options than bits");
