/* settings: see settings.h. */
#include "queue/kept/settings.h"

#define AT(member) offsetof(struct keep_settings, member)

/* clang-format off */
static const struct option rows[] = {
    {.key = "job-max", .kind = OPTION_UINT32, .offset = AT(job_max), .reload = true,
     .min = 1, .max = 100000000, .default_text = "1000000",
     .help = "most jobs that have not ended, delayed ones too; further submits are refused; a "
             "million takes less than a gigabyte of store-max if payloads are small"},
    {.key = "owner-job-max", .kind = OPTION_UINT32, .offset = AT(owner_job_max), .reload = true,
     .min = 0, .max = 100000000, .default_text = "0",
     .help = "of these, most jobs of one owner (a token's name), 0 for no limit of its own; none "
             "by default, because job-max bounds all and an owner is often the only one"},
    {.key = "window", .kind = OPTION_UINT32, .offset = AT(window), .reload = true,
     .min = 2, .max = 4096, .default_text = "32",
     .help = "most jobs of a module that the master has and has not begun; fewer if they are more "
             "than 50 ms of work; more would keep urgent jobs waiting"},
    {.key = "poison-limit", .kind = OPTION_UINT32, .offset = AT(poison_limit), .reload = true,
     .min = 1, .max = 1000, .default_text = "3",
     .help = "a job fails as poison after so many crashed workers and lost masters while it ran; "
             "one or two may be bad luck"},
    {.key = "hold-max-ms", .kind = OPTION_UINT32, .offset = AT(hold_max_ms), .reload = true,
     .min = 0, .max = OPTION_MONTH_MS, .default_text = "3600000", .unit = "ms",
     .help = "how long jobs wait for a module that is unknown or unavailable before they fail; an "
             "hour, so that a bad deploy at night costs no job"},
    {.key = "ack-ms", .kind = OPTION_UINT32, .offset = AT(ack_ms), .reload = true,
     .min = 0, .max = OPTION_MONTH_MS, .default_text = "60000", .unit = "ms",
     .help = "how long an outcome without a key is kept after it was written to a connection; a "
             "minute, for a client whose connection broke just then"},
    {.key = "result-ttl-ms", .kind = OPTION_UINT32, .offset = AT(result_ttl_ms), .reload = true,
     .min = 1, .max = OPTION_MONTH_MS, .default_text = "86400000", .unit = "ms",
     .help = "how long the outcome of a done job is kept, without a ttl_ms of its own; a day, as "
             "for most batch runs"},
    {.key = "failed-ttl-ms", .kind = OPTION_UINT32, .offset = AT(failed_ttl_ms), .reload = true,
     .min = 1, .max = OPTION_MONTH_MS, .default_text = "604800000", .unit = "ms",
     .help = "likewise of a failed job, with its payload; a week, so that somebody sees it and may "
             "retry it"},
};
/* clang-format on */

const struct option_table keep_options = OPTION_TABLE(rows);
