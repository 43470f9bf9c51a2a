/* redis_digest: see redis_digest.h. */
#include "queue/redis/redis_digest.h"

#include "base/payload.h"

enum { PIECE = 1 << 20 /* bytes in a turn: 3 ms or so */ };

static void begin(struct redis_digest *digest, const struct stored_job *job)
{
    SHA256Init(&digest->sha);
    digest->part = job->input.payload ? job->input.payload->first : NULL;
    digest->at = 0;
}

/* True: all bytes are in. */
static bool step(struct redis_digest *digest)
{
    size_t left = PIECE;
    while (digest->part && left) {
        size_t len = digest->part->len - digest->at;
        if (len > left)
            len = left;
        SHA256Update(&digest->sha, (const uint8_t *)digest->part->data + digest->at, len);
        left -= len;
        digest->at += len;
        if (digest->at < digest->part->len)
            continue;
        digest->part = digest->part->next;
        digest->at = 0;
    }
    return !digest->part;
}

static void begin_next(struct redis_digests *digests)
{
    const struct store_op *op = STAILQ_FIRST(&digests->waiting);
    if (!op)
        return;
    begin(&digests->first, op->job);
    timer_set_next(digests->timers, &digests->next);
}

static void go_on(void *arg)
{
    struct redis_digests *digests = arg;
    struct store_op *op = STAILQ_FIRST(&digests->waiting);
    if (step(&digests->first)) {
        STAILQ_REMOVE_HEAD(&digests->waiting, link);
        SHA256Final(op->job->wish.digest, &digests->first.sha);
        digests->ready(digests->arg, op);
        begin_next(digests);
    } else {
        timer_set_next(digests->timers, &digests->next);
    }
}

static void digest_at_once(struct stored_job *job)
{
    struct redis_digest digest;
    begin(&digest, job);
    step(&digest);
    SHA256Final(job->wish.digest, &digest.sha);
}

void redis_digests_add(struct redis_digests *digests, struct store_op *op)
{
    bool was_busy = redis_digests_is_busy(digests);
    if (op->job->wish.key && op->job->input.size > PIECE) {
        STAILQ_INSERT_TAIL(&digests->waiting, op, link);
        if (!was_busy)
            begin_next(digests);
        return;
    }
    if (op->job->wish.key)
        digest_at_once(op->job);
    digests->ready(digests->arg, op);
}

void redis_digests_init(struct redis_digests *digests, struct timers *timers,
                        void (*ready)(void *arg, struct store_op *op), void *arg)
{
    *digests = (struct redis_digests){.timers = timers, .ready = ready, .arg = arg};
    STAILQ_INIT(&digests->waiting);
    timer_init(&digests->next, go_on, digests);
}

void redis_digests_clear(struct redis_digests *digests, struct store_ops *ops)
{
    STAILQ_CONCAT(ops, &digests->waiting);
    timer_clear(digests->timers, &digests->next);
}
