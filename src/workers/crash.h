/* worker_crash: the details of a crash, for the client of the failed job. */
#ifndef TASKMASTER_WORKERS_CRASH_H
#define TASKMASTER_WORKERS_CRASH_H

#include "base/payload.h"
#include "jobs/dispatcher.h"
#include "workers/link.h"

/* Returns the details as a JSON text of at most the job's payload-max: a client has no more room.
 * The beginning of the worker's output is left out for that; everything else is shorter than the
 * least payload-max. Returns NULL without memory. The caller owns the payload. */
struct payload *worker_crash_details(const struct worker_link *link, const struct worker_exit *end);

#endif
