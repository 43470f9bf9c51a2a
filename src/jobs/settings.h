/* settings: how many workers and jobs there may be, and how long each step of a job may take. */
#ifndef TASKMASTER_JOBS_SETTINGS_H
#define TASKMASTER_JOBS_SETTINGS_H

#include "base/option.h"
#include "jobs/pool_settings.h"

#include <stdbool.h>
#include <stdint.h>

/* The ends of jobs to be logged. */
enum job_log_ends {
    JOB_LOG_LOST,   /* failed as error, timeout, unavailable or expired */
    JOB_LOG_FAILED, /* all but done */
    JOB_LOG_ALL,
    JOB_LOG_NONE,
};

struct job_settings {
    struct pool_settings pool;   /* the top level's: of the pool `default` */
    struct option_entries pools; /* of struct pool_settings: the others */
    uint32_t client_job_max;     /* unfinished jobs of one source; 0: no limit */
    uint32_t start_timeout_ms;
    uint32_t kill_grace_ms;

    uint32_t ping_interval_ms; /* of idle workers; 0: no pings */
    uint32_t ping_misses;      /* unanswered in a row; with more, the worker is dead */
    uint32_t begin_timeout_ms; /* from a job's last byte for the kernel; 0: none */
    uint32_t dead_kill_ms;     /* from a worker's death to SIGKILL */
    bool allow_debug;          /* no pings and no begin_timeout_ms */

    uint32_t breaker_window_ms;
    uint32_t breaker_crashes;  /* within the window; 0: no breaker */
    uint32_t breaker_pause_ms; /* the first one, doubled by each further one */

    enum job_log_ends log_jobs;
    uint32_t slow_ms; /* a job that waits or runs so long is logged; 0: none */

    uint64_t source_output_max; /* bytes left unread by one source, with the expected results of its
                                   jobs, before it is held; 0: any number */

    /* No settings of their own: */
    uint64_t source_unread_max; /* the same without expected results; 0: any number */
    uint32_t processors; /* shared by the workers; 0: unknown, and tiny jobs wake every worker */
};

extern const struct option_table job_options;

/* Returns the settings of a pool by name, NULL or POOL_DEFAULT for the top level's. NULL if there
 * is no such pool. */
const struct pool_settings *job_settings_pool(const struct job_settings *settings,
                                              const char *name);

/* Most workers of all pools together. */
uint32_t job_settings_workers_max(const struct job_settings *settings);

#endif
