/*
 * worker_claims: the master's side of the slots in the memory shared with a worker.
 *
 * Each job with a worker holds a slot: a claim word, and room for a small result. The word settles
 * whether the worker has begun the job without asking it (common/worker_page.h). A broken worker
 * can write anything there, at any time: sizes are checked, and bytes are copied before use.
 */
#ifndef TASKMASTER_WORKERS_CLAIMS_H
#define TASKMASTER_WORKERS_CLAIMS_H

#include "common/worker_page.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct worker_claims {
    struct worker_shared *shared; /* borrowed */
    uint32_t next_slot;
    uint64_t held; /* a bit for each slot with a job: no other job may be offered there */
};

/* Offers a job to the worker: writes its claim word. Call this before the job is sent. Returns the
 * job's slot. The job holds the slot until it is reclaimed or released. */
uint32_t worker_claims_offer(struct worker_claims *claims, uint64_t job);

/* Reclaims the job and frees its slot. Returns false if the worker has begun the job. */
bool worker_claims_reclaim(struct worker_claims *claims, uint32_t slot, uint64_t job);

/* Frees the slot of an answered job. */
void worker_claims_release(struct worker_claims *claims, uint32_t slot);

/* Returns true if the worker has begun the job. A senseless word counts as begun. */
bool worker_claims_has_begun(const struct worker_claims *claims, uint32_t slot, uint64_t job);

/* Returns true if the worker has left the job's result in the slot. */
bool worker_claims_has_answered(const struct worker_claims *claims, uint32_t slot, uint64_t job);

/* Copies the job's result out of its slot, if there is one, and its run time as the worker claims.
 * `data` has room for WORKER_RESULT_MAX bytes. Nothing is copied for a larger `*len`: the worker is
 * broken. Returns false without a result. */
bool worker_claims_result(const struct worker_claims *claims, uint32_t slot, uint64_t job,
                          char *data, size_t *len, uint64_t *run_us);

#endif
