/*
 * job_log: lines of the log that a job can cause. Some lines a second are written for each event
 * and module (base/log_limit.h), the others are counted.
 *
 * A client that runs a crashing module in a loop makes thousands of lines a second. Each module has
 * a limit of its own, so that the noise of one hides nothing of another; so has each level, as
 * those that are not written at all must hide nothing either.
 *
 * Memory is bounded: an event and a module need a place for a second only. When all places are
 * taken, events and modules without a place share one limit.
 */
#ifndef TASKMASTER_WORKERS_JOB_LOG_H
#define TASKMASTER_WORKERS_JOB_LOG_H

#include "base/log_limit.h"
#include "common/limits.h"

enum { JOB_LOG_PLACES = 64 };

struct job_log_place {
    char module[MODULE_NAME_MAX + 1];
    struct log_limit limit;
};

struct job_log {
    struct job_log_place places[JOB_LOG_PLACES];
    struct log_limit others;
};

/* It stays where it is until job_log_end(). */
void job_log_init(struct job_log *log, struct timers *timers);

/* Whether the next line of the event may be written; if not, it is counted. `event` is static;
 * `module` is "-" where there is none. */
bool job_log_allows(struct job_log *log, enum log_level level, const char *event,
                    const char *module);

/* Tells what is left to tell. */
void job_log_end(struct job_log *log);

#endif
