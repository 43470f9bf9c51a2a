/* settings: see settings.h. */
#include "jobs/settings.h"

#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct job_settings, member)

static const char *const log_jobs_names[] = {[JOB_LOG_LOST] = "lost",
                                             [JOB_LOG_FAILED] = "failed",
                                             [JOB_LOG_ALL] = "all",
                                             [JOB_LOG_NONE] = "none",
                                             NULL};

_Static_assert(sizeof(enum job_log_ends) == sizeof(unsigned),
               "OPTION_ENUM reads and writes an unsigned number");

/* clang-format off */
static const struct option rows[] = {
    {.key = "pools", .kind = OPTION_ENTRIES, .entry = &pool_entry, .offset = AT(pools), .reload = true,
     .max = POOLS_MAX, .default_text = "{}",
     .help = "further pools by name, each with workers and a line of its own for its modules; "
             "none by default, because one pool keeps all workers busy"},
    {.key = "client-job-max", .kind = OPTION_UINT32, .offset = AT(client_job_max),
     .reload = true, .min = 0, .max = 10000000, .default_text = "0",
     .help = "most jobs of one client, waiting and running, with the detached ones of its token, "
             "0 for no limit of its own; none by default, because job-max bounds all and a client "
             "is often the only one"},
    {.key = "client-output-max", .kind = OPTION_UINT64, .offset = AT(source_output_max),
     .reload = true, .min = 1025, .max = OPTION_BYTES_MAX, .default_text = "67108864", .unit = "bytes",
     .help = "most output waiting for one client, more than payload-max; while a quarter of "
             "it waits, or all of it waits or is expected of running jobs, no further job of "
             "the client begins, and other clients' jobs pass; so it can hold a quarter, and "
             "the results of begun jobs; room for four of the largest results"},
    {.key = "start-timeout-ms", .kind = OPTION_UINT32, .offset = AT(start_timeout_ms),
     .reload = true, .min = 1, .max = OPTION_DAY_MS, .default_text = "10000", .unit = "ms",
     .help = "how long a worker may take to be ready, preload included, and how long jobs wait "
             "while none can be started; a start takes milliseconds, on a busy machine a "
             "second"},
    {.key = "kill-grace-ms", .kind = OPTION_UINT32, .offset = AT(kill_grace_ms),
     .reload = true, .min = 0, .max = OPTION_DAY_MS, .default_text = "5000", .unit = "ms",
     .help = "from the stop flag to SIGKILL when a job is stopped, with SIGTERM halfway; time "
             "to clean up, less than a person waits"},
    {.key = "ping-interval-ms", .kind = OPTION_UINT32, .offset = AT(ping_interval_ms),
     .reload = true, .min = 0, .max = OPTION_DAY_MS, .default_text = "5000", .unit = "ms",
     .help = "idle workers are pinged so often, 0 for never; all due ones at once, so that an "
             "idle server wakes little"},
    {.key = "ping-misses", .kind = OPTION_UINT32, .offset = AT(ping_misses), .reload = true,
     .min = 0, .max = 1000, .default_text = "2",
     .help = "an idle worker with more unanswered pings in a row is dead: another one takes "
             "its place; by default after 15 s, as a machine may stand still for a while"},
    {.key = "begin-timeout-ms", .kind = OPTION_UINT32, .offset = AT(begin_timeout_ms),
     .reload = true, .min = 0, .max = OPTION_DAY_MS, .default_text = "5000", .unit = "ms",
     .help = "a worker that has not begun a job so long after it was sent is dead, 0 for "
             "never; the job goes to another worker; beginning one takes microseconds"},
    {.key = "dead-kill-ms", .kind = OPTION_UINT32, .offset = AT(dead_kill_ms),
     .reload = true, .min = 0, .max = OPTION_DAY_MS, .default_text = "10000", .unit = "ms",
     .help = "a dead worker is killed after so long; until then an answer makes it alive again, "
             "as after a pause of the machine"},
    {.key = "allow-debug", .kind = OPTION_BOOL, .offset = AT(allow_debug), .reload = true,
     .default_text = "false",
     .help = "permit a debugger at workers: no pings, no begin-timeout-ms, and processes of the "
             "same user may trace them; not by default, because they could read all jobs"},
    {.key = "breaker-window-ms", .kind = OPTION_UINT32, .offset = AT(breaker_window_ms),
     .reload = true, .min = 1, .max = OPTION_DAY_MS, .default_text = "10000", .unit = "ms",
     .help = "crashes of a module's jobs within this time count for breaker-crashes; a loop of "
             "crashes is seen at once, rare ones are left alone"},
    {.key = "breaker-crashes", .kind = OPTION_UINT32, .offset = AT(breaker_crashes),
     .reload = true, .min = 0, .max = 1000, .default_text = "5",
     .help = "after so many crashed workers, at least half of a module's ended jobs, further "
             "jobs of the module fail as unavailable for breaker-pause-ms, 0 for never; a "
             "crash or two may be due to their jobs"},
    {.key = "breaker-pause-ms", .kind = OPTION_UINT32, .offset = AT(breaker_pause_ms),
     .reload = true, .min = 1, .max = 60000, .default_text = "5000", .unit = "ms",
     .help = "how long jobs of a crashing module are refused before one is tried; doubled after "
             "each failed trial, up to a minute"},
    {.key = "log-jobs", .kind = OPTION_ENUM, .offset = AT(log_jobs), .reload = true,
     .names = log_jobs_names, .default_text = "\"lost\"",
     .help = "the jobs whose end has a line in the log, job-end: lost ones (error, timeout, "
             "unavailable, expired) by default; failed: all but done; at most 1,000 lines a second"},
    {.key = "slow-ms", .kind = OPTION_UINT32, .offset = AT(slow_ms), .reload = true,
     .min = 0, .max = OPTION_DAY_MS, .default_text = "10000", .unit = "ms",
     .help = "a job that has waited or run so long has a line in the log at this time, job-slow, "
             "0 for none; so a hung one is seen before its end"},
};
/* clang-format on */

const struct option_table job_options = OPTION_TABLE(rows);

static int compare_name(const void *name, const void *pool)
{
    return strcmp(name, ((const struct pool_settings *)pool)->name);
}

const struct pool_settings *job_settings_pool(const struct job_settings *settings, const char *name)
{
    const struct option_entries *pools = &settings->pools;
    if (!name || strcmp(name, POOL_DEFAULT) == 0)
        return &settings->pool;
    if (!pools->count)
        return NULL;
    return bsearch(name, pools->items, pools->count, sizeof(struct pool_settings), compare_name);
}

uint32_t job_settings_workers_max(const struct job_settings *settings)
{
    const struct pool_settings *pools = settings->pools.items;
    uint32_t sum = settings->pool.pool_max;
    for (size_t i = 0; i < settings->pools.count; i++)
        sum += pools[i].pool_max;
    return sum;
}
