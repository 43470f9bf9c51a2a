/* worker_crash: the details of a lost worker, for the client of its failed job. */
#ifndef TASKMASTER_WORKERS_CRASH_H
#define TASKMASTER_WORKERS_CRASH_H

#include "base/payload.h"
#include "jobs/dispatcher.h"
#include "workers/link.h"
#include "workers/post_mortem.h"

/* Returns the details as a JSON text, or NULL without memory. The text is no longer than the job's
 * payload-max, as a client has no more room. If necessary, frames of the backtrace are left out,
 * the outermost first, and then the beginning of the worker's output. (The rest is shorter than the
 * least payload-max.) The caller owns the payload. */
struct payload *worker_crash_details(const struct worker_link *link, const struct worker_exit *end,
                                     const struct post_mortem *crash);

/* Keeps the crash among the last ones of its module, if there are both. */
void worker_crash_note(struct workers *workers, const struct post_mortem *crash);

#endif
