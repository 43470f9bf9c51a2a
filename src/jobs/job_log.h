/*
 * job_log: the log of jobs: a line for each end that the operator wants to see (log-jobs), and one
 * when a job has waited or run for slow-ms.
 *
 * Without a wanted end, and below slow-ms, no job pays. Clients can cause a line with each job, so
 * 1,000 a second are written, and the others are counted.
 */
#ifndef TASKMASTER_JOBS_JOB_LOG_H
#define TASKMASTER_JOBS_JOB_LOG_H

#include "base/log_limit.h"
#include "base/timers.h"
#include "jobs/news.h"
#include "jobs/settings.h"

struct job_log {
    struct news_reader reader;
    struct news *news;
    struct timers *timers;
    const char *boot; /* the first part of ids */
    enum job_log_ends ends;
    struct log_limit limit; /* of all these lines */
};

/* Must not move until job_log_end(). The log has no wants yet. */
void job_log_init(struct job_log *log, struct news *news, struct timers *timers, const char *boot);
void job_log_configure(struct job_log *log, enum job_log_ends ends);

/* Logs the last count. */
void job_log_end(struct job_log *log);

/* Logs the job, unfinished, as slow. */
void job_log_slow(struct job_log *log, const struct job *job);

#endif
