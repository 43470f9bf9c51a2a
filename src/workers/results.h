/*
 * worker_results: a worker's answers, on their way to the dispatcher: from checked messages, and
 * from the slots of small results (common/worker_page.h).
 */
#ifndef TASKMASTER_WORKERS_RESULTS_H
#define TASKMASTER_WORKERS_RESULTS_H

#include "base/payload.h"
#include "common/wire.h"
#include "workers/link.h"

/* Takes an answer with a checked header. `text` is a failure's; it and `payload` may be NULL. */
void worker_results_take(struct worker_link *link, const struct wire_head *head,
                         const struct payload *text, struct payload *payload);

/* Takes a part; `payload` is NULL if its bytes were dropped. */
void worker_results_take_part(struct worker_link *link, const struct wire_head *head,
                              struct payload *payload);

/* Takes the results now in slots, in the order of the jobs. A job assigned meanwhile is sent at the
 * end of the turn, so this ends. Returns NULL, or the worker's fault. */
const char *worker_results_take_slots(struct worker_link *link);

/* A job is prefetched. From now on, until the worker has no job, link->peek fires now and then. */
void worker_results_watch(struct worker_link *link);

/* Looks for silent results, when link->peek has fired. Returns NULL, or the worker's fault. */
const char *worker_results_peek(struct worker_link *link);

#endif
