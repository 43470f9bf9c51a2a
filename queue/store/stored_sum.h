/*
 * stored_sum: sums of a kept job, so that bytes that have changed on the disk are noticed.
 *
 * A job has three: of its wish, of its run, and of its outcome. Each body has its own, in which the
 * wish's or the outcome's goes on: so each can be verified without the body.
 *
 * A member that is changed alone in the store is added to the hash of the others: `is_detached` to
 * the wish's, `state` and `is_cancelled` to the run's, `over_ms` to the outcome's. The store then
 * adds the difference, without the others. The hashes have 62 bits: there is no overflow in an
 * integer of SQLite.
 */
#ifndef TASKMASTER_QUEUE_STORE_STORED_SUM_H
#define TASKMASTER_QUEUE_STORE_STORED_SUM_H

#include "queue/store/stored.h"

/* What the store adds to the run's sum for a cancel, and for each step of the state. */
enum { STORED_SUM_STATE = 1, STORED_SUM_CANCELLED = 4 };

/* With input.size and input.sum; the digest counts if there is a key. */
uint64_t stored_sum_wish(const struct stored_job *job);
uint64_t stored_sum_run(const struct stored_job *job);
/* With result.size and result.sum; 0: the job has not ended. */
uint64_t stored_sum_outcome(const struct stored_job *job);

/* Of a body of this job, as `payload` or as `data`; 0: it is empty. */
uint64_t stored_sum_body(uint64_t seq, bool is_result, const struct stored_body *body);

#endif
