/*
 * pool_settings: see pool_settings.h.
 *
 * One array of rows serves the top level and the entries under "pools". The rows of the one alone
 * come first, those of the other alone last, so the table of each is a part of the array.
 */
#include "jobs/pool_settings.h"

#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct pool_settings, member)

/* clang-format off */
static const struct option rows[] = {
    /* The top level's: */
    {.key = "pool-start", .kind = OPTION_UINT32, .offset = AT(pool_start), .reload = true,
     .min = 0, .max = POOL_WORKERS_MAX, .default_text = "2",
     .help = "workers kept running from the start on; if unset and over pool-max, pool-max"},
    /* Both: */
    {.key = "pool-max", .kind = OPTION_UINT32, .offset = AT(pool_max), .reload = true,
     .min = 1, .max = POOL_WORKERS_MAX, .default_text = "4",
     .help = "most workers at a time, starting and stopping ones included; further jobs wait"},
    {.key = "job-max", .kind = OPTION_UINT32, .offset = AT(job_max), .reload = true,
     .min = 0, .max = POOL_JOBS_MAX, .default_text = "100",
     .help = "most jobs waiting for a worker; further ones are answered with overload"},
    {.key = "preload", .kind = OPTION_STRING_LIST, .offset = AT(preload), .reload = true,
     .min = 0, .max = 1000, .default_text = "[]",
     .help = "modules loaded by each worker at its start; none by default, because a module "
             "loads when it is first asked for"},
    {.key = "worker-window", .kind = OPTION_UINT32, .offset = AT(worker_window), .reload = true,
     .min = 1, .max = 32, .default_text = "16",
     .help = "most jobs assigned to one worker while a line waits, its running one included; "
             "the others are prefetched: they share system calls, and are reclaimed when "
             "another worker is free; 1 turns prefetching off, and with it the packing of "
             "jobs of microseconds onto as few workers as keep the processors busy"},
    {.key = "idle-timeout-ms", .kind = OPTION_UINT32, .offset = AT(idle_timeout_ms), .reload = true,
     .min = 0, .max = OPTION_MONTH_MS, .default_text = "60000", .unit = "ms",
     .help = "how long a worker over pool-start may be idle before it ends, 0 for no limit; a "
             "minute, because a start costs milliseconds and an idle worker a few MiB"},
    {.key = "worker-max-jobs", .kind = OPTION_UINT32, .offset = AT(worker_max_jobs), .reload = true,
     .min = 0, .max = 1000000000, .default_text = "0",
     .help = "a worker is replaced after so many jobs, or some more while a quarter of the pool "
             "is being replaced, 0 for no limit; for modules with leaks, so none by default"},
    {.key = "worker-max-rss", .kind = OPTION_UINT64, .offset = AT(worker_max_rss), .reload = true,
     .min = 0, .max = OPTION_BYTES_MAX, .default_text = "0", .unit = "bytes",
     .help = "a worker with more memory than this after a job is replaced, 0 for no limit; for "
             "modules with leaks, so none by default"},
    {.key = "job-timeout-ms", .kind = OPTION_UINT32, .offset = AT(job_timeout_ms), .reload = true,
     .min = 0, .max = OPTION_MONTH_MS, .default_text = "0", .unit = "ms",
     .help = "how long any job may run, 0 for no limit; at the top level it holds for all "
             "pools; none by default, because only a module's user knows how long its jobs "
             "take"},
    {.key = "max-wait-ms", .kind = OPTION_UINT32, .offset = AT(max_wait_ms), .reload = true,
     .min = 0, .max = OPTION_MONTH_MS, .default_text = "0", .unit = "ms",
     .help = "how long any job may wait to begin before it fails as expired, 0 for no limit; at "
             "the top level it holds for all pools; none by default, because only a job's user "
             "knows when it is of no more use"},
    {.key = "memory-max", .kind = OPTION_UINT64, .offset = AT(memory_max), .reload = true,
     .min = 0, .max = OPTION_BYTES_MAX, .default_text = "0", .unit = "bytes",
     .help = "the address space of a worker, 0 for no limit; an allocation over it fails; none "
             "by default, because threads and libraries reserve much more than they use"},
    {.key = "files-max", .kind = OPTION_UINT32, .offset = AT(files_max), .reload = true,
     .min = 0, .max = 1048576, .default_text = "0",
     .help = "most open files of a worker, 0 for as many as the daemon may have"},
    {.key = "core-max", .kind = OPTION_UINT64, .offset = AT(core_max), .reload = true,
     .min = 0, .max = OPTION_BYTES_MAX, .default_text = "0", .unit = "bytes",
     .help = "the largest core file of a worker, 0 for none; none by default, because a core "
             "file holds the data of jobs"},
    {.key = "file-size-max", .kind = OPTION_UINT64, .offset = AT(file_size_max), .reload = true,
     .min = 0, .max = OPTION_BYTES_MAX, .default_text = "0", .unit = "bytes",
     .help = "the largest file written by a worker, 0 for no limit; writing on ends the worker by "
             "SIGXFSZ; none by default, because only a module's user knows how much it writes"},
    {.key = "nice", .kind = OPTION_INT32, .offset = AT(nice), .reload = true,
     .min = -20, .max = 19, .default_text = "0",
     .help = "added to the daemon's own niceness: the higher, the less processor time beside "
             "others"},
    {.key = "oom-score-adj", .kind = OPTION_INT32, .offset = AT(oom_score_adj), .reload = true,
     .min = -1000, .max = 1000, .default_text = "500",
     .help = "the higher, the earlier the kernel kills a worker for want of memory; by default "
             "a worker before the daemon"},
    /* An entry's: */
    {.key = "pool-start", .kind = OPTION_UINT32, .offset = AT(pool_start), .reload = true,
     .min = 0, .max = POOL_WORKERS_MAX, .default_text = "0",
     .help = "workers kept running from the start on; none by default, because a pool for few "
             "modules is often without jobs"},
    {.key = "payload-total-max", .kind = OPTION_UINT64, .offset = AT(payload_total_max),
     .reload = true, .min = 0, .max = OPTION_BYTES_MAX, .default_text = "0", .unit = "bytes",
     .help = "most memory for the payloads of the pool's waiting and running jobs together, 0 for "
             "no limit of its own; the top level's holds as well"},
};
/* clang-format on */

enum { COUNT = sizeof rows / sizeof *rows, OF_TOP = 1, OF_ENTRY = 2 };

const struct option_table pool_options = {rows, COUNT - OF_ENTRY};

static const char *name_fault(const char *name)
{
    static char expected[64];
    size_t len = strlen(name);
    snprintf(expected, sizeof expected, "expected a pool's name of 1 to %d of [a-z0-9-]",
             POOL_NAME_MAX);
    if (len < 1 || len > POOL_NAME_MAX ||
        name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")])
        return expected;
    if (strcmp(name, POOL_DEFAULT) == 0)
        return "expected another name: the keys of " POOL_DEFAULT " are those of the top level";
    return NULL;
}

const struct option_entry pool_entry = {
    .noun = "pool",
    .size = sizeof(struct pool_settings),
    .options = {rows + OF_TOP, COUNT - OF_TOP},
    .name_fault = name_fault,
    .fields_told = true,
};
