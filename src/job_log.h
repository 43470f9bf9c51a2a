/*
 * job_log: lines of the log that a job can cause: of each event and module some a second are
 * written (log_limit.h), the others are counted.
 *
 * A client that runs a module that crashes, in a loop, makes thousands of them a second. The limit
 * is each module's own, so that the noise of one hides nothing of another.
 *
 * Memory is bounded: an event and a module need a place for a second only, and where all places are
 * taken, what finds none shares one limit.
 */
#ifndef TASKMASTER_JOB_LOG_H
#define TASKMASTER_JOB_LOG_H

#include "common/limits.h"
#include "log_limit.h"

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

/* Whether the next line of that event (static) may be written; if not, it is counted. `module`: "-"
 * where there is none. */
bool job_log_allows(struct job_log *log, enum log_level level, const char *event,
                    const char *module);

/* Tells what is left to tell. */
void job_log_end(struct job_log *log);

#endif
