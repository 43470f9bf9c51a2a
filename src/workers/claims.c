/* worker_claims: see claims.h. */
#include "workers/claims.h"

#include "common/log.h"

#include <string.h>

uint32_t worker_claims_offer(struct worker_claims *claims, uint64_t job)
{
    uint32_t slot = claims->next_slot % WORKER_CLAIMS;
    bug_on(claims->held == UINT64_MAX);
    while (claims->held >> slot & 1)
        slot = (slot + 1) % WORKER_CLAIMS;
    claims->held |= UINT64_C(1) << slot;
    claims->next_slot = slot + 1;
    __atomic_store_n(&claims->shared->claims[slot], claim_word(job, CLAIM_OFFERED),
                     __ATOMIC_RELEASE);
    return slot;
}

bool worker_claims_reclaim(struct worker_claims *claims, uint32_t slot, uint64_t job)
{
    if (!claim_settle(&claims->shared->claims[slot], job, CLAIM_RECLAIMED))
        return false;
    worker_claims_release(claims, slot);
    return true;
}

void worker_claims_release(struct worker_claims *claims, uint32_t slot)
{
    claims->held &= ~(UINT64_C(1) << slot);
}

static uint64_t word_of(const struct worker_claims *claims, uint32_t slot)
{
    return __atomic_load_n(&claims->shared->claims[slot], __ATOMIC_ACQUIRE);
}

bool worker_claims_has_begun(const struct worker_claims *claims, uint32_t slot, uint64_t job)
{
    return word_of(claims, slot) != claim_word(job, CLAIM_OFFERED);
}

bool worker_claims_has_answered(const struct worker_claims *claims, uint32_t slot, uint64_t job)
{
    return word_of(claims, slot) == claim_word(job, CLAIM_ANSWERED);
}

bool worker_claims_result(const struct worker_claims *claims, uint32_t slot, uint64_t job,
                          char *data, size_t *len, uint64_t *run_us)
{
    const struct worker_result *result = &claims->shared->results[slot];
    if (!worker_claims_has_answered(claims, slot, job))
        return false;
    uint32_t size = __atomic_load_n(&result->size, __ATOMIC_RELAXED); /* once: it may change */
    *len = size;
    *run_us = __atomic_load_n(&result->run_us, __ATOMIC_RELAXED);
    if (size <= WORKER_RESULT_MAX)
        memcpy(data, result->data, size);
    return true;
}
