/* job_report: jobs as the answers to status and jobs show them (doc/protocol.md), as JSON text. */
#ifndef TASKMASTER_STATS_JOB_REPORT_H
#define TASKMASTER_STATS_JOB_REPORT_H

#include "stats/report.h"

struct job;

/* Texts; the caller frees them. The jobs wait or run. */
char *report_job(const struct report *report, const struct job *job);
char *report_jobs(const struct report *report, struct job *const *jobs, size_t count);

#endif
