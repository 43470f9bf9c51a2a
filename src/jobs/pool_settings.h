/* pool_settings: how many workers and jobs a pool may have, and how its workers live. */
#ifndef TASKMASTER_JOBS_POOL_SETTINGS_H
#define TASKMASTER_JOBS_POOL_SETTINGS_H

#include "base/option.h"

#include <stdint.h>

/* Settings of one pool: those of the top level make `default`, an entry under "pools" another. */
struct pool_settings {
    char *name; /* NULL for `default` */
    uint32_t pool_start, pool_max, job_max;
    struct option_list preload; /* names of modules */
    uint32_t worker_window;     /* jobs with one worker, its current one included; 1: no prefetch */
    uint32_t idle_timeout_ms;   /* of workers over pool_start; 0: none */
    uint32_t worker_max_jobs;   /* 0: any number */
    uint64_t worker_max_rss;    /* bytes; 0: none */
    uint32_t job_timeout_ms;    /* 0: none; for `default`, of all pools */
    uint32_t max_wait_ms;       /* likewise */
    uint64_t payload_total_max; /* bytes, 0: none of its own; always 0 for `default` */

    /* Limits of each worker's process: */
    uint64_t memory_max;    /* bytes of address space; 0: none */
    uint32_t files_max;     /* 0: the daemon's */
    uint64_t core_max;      /* bytes */
    uint64_t file_size_max; /* bytes; 0: none */
    int32_t nice;
    int32_t oom_score_adj;
};

/* The part of the settings that an operator may change for a while. */
struct pool_size {
    uint32_t pool_start, pool_max, job_max;
};

enum {
    POOL_NAME_MAX = 32, /* bytes */
    POOLS_MAX = 64,     /* pools beside `default` */
    POOL_WORKERS_MAX = 10000,
    POOL_JOBS_MAX = 10000000,
};

/* The pool of the top level. */
#define POOL_DEFAULT "default"

extern const struct option_table pool_options; /* of the top level */
extern const struct option_entry pool_entry;

#endif
