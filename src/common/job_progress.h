/*
 * job_progress: a report of a module on its job's progress, as worker and master exchange it.
 *
 * The worker keeps its last few reports in the shared page (worker_page.h), so that the latest one
 * survives a crash. For a submitter asking for progress, a report also travels in a message
 * (wire.h), cut behind the bytes of its text.
 */
#ifndef TASKMASTER_COMMON_JOB_PROGRESS_H
#define TASKMASTER_COMMON_JOB_PROGRESS_H

#include "common/limits.h"

#include <stddef.h>
#include <stdint.h>

struct job_progress {
    uint64_t count;                /* of the worker's reports, this one included */
    uint64_t job;                  /* the job's sequence number */
    uint64_t at_us;                /* CLOCK_MONOTONIC */
    double fraction;               /* 0 to 1 */
    char message[MESSAGE_MAX + 1]; /* NUL-terminated; "": none */
};

/* The least size of a report in a message: without a text. */
enum { JOB_PROGRESS_SIZE_MIN = offsetof(struct job_progress, message) };

#endif
