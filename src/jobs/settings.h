/* settings: how many workers and jobs there may be, and how long each step of a job may take. */
#ifndef TASKMASTER_JOBS_SETTINGS_H
#define TASKMASTER_JOBS_SETTINGS_H

#include "base/option.h"

#include <stdint.h>

/* Settings of one pool. */
struct pool_settings {
    uint32_t pool_start, pool_max, job_max;
    uint32_t worker_window;  /* jobs with one worker, its current one included; 1: no prefetch */
    uint32_t job_timeout_ms; /* 0: none */
};

struct job_settings {
    struct pool_settings pool; /* the top level's: of the pool `default` */
    uint32_t client_job_max;   /* unfinished jobs of one source; 0: no limit */
    uint32_t start_timeout_ms;
    uint32_t kill_grace_ms;
    uint64_t source_output_max; /* bytes left unread by one source, with the expected results of its
                                   jobs, before it is held; 0: any number */

    /* No settings of their own: */
    uint64_t source_unread_max; /* the same without expected results; 0: any number */
    uint32_t processors; /* shared by the workers; 0: unknown, and tiny jobs wake every worker */
};

extern const struct option_table job_options;

#endif
