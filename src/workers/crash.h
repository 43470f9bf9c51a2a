/* worker_crash: the details of a crash, for the client of the failed job. */
#ifndef TASKMASTER_WORKERS_CRASH_H
#define TASKMASTER_WORKERS_CRASH_H

#include "base/payload.h"
#include "jobs/dispatcher.h"
#include "workers/link.h"

/* Returns the details as a JSON text, or NULL without memory. The text is no longer than the job's
 * payload-max, as a client has no more room: the beginning of the worker's output is left out if
 * necessary. (The rest is shorter than the least payload-max.) The caller owns the payload. */
struct payload *worker_crash_details(const struct worker_link *link, const struct worker_exit *end);

#endif
