/* worker_progress: a job's progress, out of the worker's messages and its shared page. */
#ifndef TASKMASTER_WORKERS_PROGRESS_H
#define TASKMASTER_WORKERS_PROGRESS_H

#include "base/payload.h"
#include "common/worker_page.h"
#include "workers/link.h"

#include <stdbool.h>
#include <stdint.h>

/* Copies the worker's latest report, if it is of this job. Any bytes may stand in the page: the
 * fraction is made one of 0 to 1, and the message is terminated. Returns false without a report. */
bool worker_progress_latest(const struct worker_shared *shared, uint64_t job,
                            struct job_progress *latest);

/* Takes a PROGRESS message of the worker's current job. */
void worker_progress_take(struct worker_link *link, const struct payload *payload);

#endif
