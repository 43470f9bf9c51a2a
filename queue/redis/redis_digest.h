/*
 * redis_digest: digests of the inputs of keyed jobs, before they are put.
 *
 * SHA-256 of 64 MiB takes 200 ms: far too long for a turn of the loop. So a large input is digested
 * piece by piece, one in each turn, and its PUT waits for that. The engine on SQLite has a thread
 * for it.
 */
#ifndef TASKMASTER_QUEUE_REDIS_DIGEST_H
#define TASKMASTER_QUEUE_REDIS_DIGEST_H

#include "base/timers.h"
#include "queue/store/engine.h"

#include <sha2.h>

/* Of one input. */
struct redis_digest {
    SHA2_CTX sha;
    const struct payload_part *part; /* the next bytes, */
    size_t at;                       /* from here on */
};

struct redis_digests {
    struct timers *timers;
    void (*ready)(void *arg, struct store_op *op); /* the job has its digest */
    void *arg;
    struct store_ops waiting;
    struct redis_digest first; /* of these */
    struct timer next;
};

void redis_digests_init(struct redis_digests *digests, struct timers *timers,
                        void (*ready)(void *arg, struct store_op *op), void *arg);

/* A PUT. A small input is digested at once, and one without a key has no digest: `ready` is called
 * in the call then. */
void redis_digests_add(struct redis_digests *digests, struct store_op *op);

/* Those that wait are the caller's again. */
void redis_digests_clear(struct redis_digests *digests, struct store_ops *ops);

static inline bool redis_digests_is_busy(const struct redis_digests *digests)
{
    return !STAILQ_EMPTY(&digests->waiting);
}

#endif
