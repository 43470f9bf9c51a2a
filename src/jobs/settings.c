/* settings: see settings.h. */
#include "jobs/settings.h"

#define AT(member) offsetof(struct job_settings, member)

/* clang-format off */
static const struct option rows[] = {
    {.key = "pool-start", .kind = OPTION_UINT32, .offset = AT(pool.pool_start), .reload = true,
     .min = 0, .max = 10000, .default_text = "2",
     .help = "workers kept running from the start on; if unset and over pool-max, pool-max"},
    {.key = "pool-max", .kind = OPTION_UINT32, .offset = AT(pool.pool_max), .reload = true,
     .min = 1, .max = 10000, .default_text = "4",
     .help = "most workers at a time, starting and stopping ones included; further jobs wait"},
    {.key = "job-max", .kind = OPTION_UINT32, .offset = AT(pool.job_max), .reload = true,
     .min = 0, .max = 10000000, .default_text = "100",
     .help = "most jobs waiting for a worker; further ones are answered with overload"},
    {.key = "client-job-max", .kind = OPTION_UINT32, .offset = AT(client_job_max),
     .reload = true, .min = 0, .max = 10000000, .default_text = "0",
     .help = "most jobs of one client, waiting and running, 0 for no limit of its own; none "
             "by default, because job-max bounds all and a client is often the only one"},
    {.key = "client-output-max", .kind = OPTION_UINT64, .offset = AT(source_output_max),
     .reload = true, .min = 1025, .max = OPTION_BYTES_MAX, .default_text = "67108864", .unit = "bytes",
     .help = "most output waiting for one client, more than payload-max; while a quarter of "
             "it waits, or all of it waits or is expected of running jobs, no further job of "
             "the client begins, and other clients' jobs pass; so it can hold a quarter, and "
             "the results of begun jobs; room for four of the largest results"},
    {.key = "worker-window", .kind = OPTION_UINT32, .offset = AT(pool.worker_window), .reload = true,
     .min = 1, .max = 32, .default_text = "16",
     .help = "most jobs assigned to one worker while a line waits, its running one included; "
             "the others are prefetched: they share system calls, and are reclaimed when "
             "another worker is free; 1 turns prefetching off, and with it the packing of "
             "jobs of microseconds onto as few workers as keep the processors busy"},
    {.key = "start-timeout-ms", .kind = OPTION_UINT32, .offset = AT(start_timeout_ms),
     .reload = true, .min = 1, .max = OPTION_DAY_MS, .default_text = "10000", .unit = "ms",
     .help = "how long a worker may take to be ready, preload included, and how long jobs wait "
             "while none can be started; a start takes milliseconds, on a busy machine a "
             "second"},
    {.key = "job-timeout-ms", .kind = OPTION_UINT32, .offset = AT(pool.job_timeout_ms),
     .reload = true, .min = 0, .max = OPTION_MONTH_MS, .default_text = "0", .unit = "ms",
     .help = "how long any job may run, 0 for no limit; none by default, because only a "
             "module's user knows how long its jobs take"},
    {.key = "kill-grace-ms", .kind = OPTION_UINT32, .offset = AT(kill_grace_ms),
     .reload = true, .min = 0, .max = OPTION_DAY_MS, .default_text = "5000", .unit = "ms",
     .help = "from the stop flag to SIGKILL when a job is stopped, with SIGTERM halfway; time "
             "to clean up, less than a person waits"},
};
/* clang-format on */

const struct option_table job_options = OPTION_TABLE(rows);
