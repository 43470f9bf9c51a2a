/*
 * backoff: pauses between attempts that fail: each is twice the one before, up to a bound.
 */
#ifndef TASKMASTER_BASE_BACKOFF_H
#define TASKMASTER_BASE_BACKOFF_H

#include <stdint.h>

struct backoff {
    uint32_t first_ms, most_ms;
    uint32_t next_ms; /* the next pause; 0: the first one */
};

/* The pause in milliseconds, and up to a fifth less by `random`: many clients of one server do not
 * come together. */
static inline uint32_t backoff_next_ms(struct backoff *backoff, uint64_t random)
{
    uint32_t ms = backoff->next_ms ? backoff->next_ms : backoff->first_ms;
    backoff->next_ms = ms < backoff->most_ms / 2 ? 2 * ms : backoff->most_ms;
    return ms - (uint32_t)(random % (ms / 5 + 1));
}

/* An attempt has not failed: the pauses begin anew. */
static inline void backoff_forget(struct backoff *backoff)
{
    backoff->next_ms = 0;
}

#endif
