/* worker_late: see late.h. */
#include "workers/late.h"

#include "workers/token.h"

#include <string.h>

enum {
    LATE_US = 2000000, /* by then, everything sent before a worker's end has been read */
};

void worker_late_note(struct worker_late *late, uint32_t worker, const uint8_t token[TOKEN_BYTES],
                      uint64_t now_us)
{
    size_t at = late->next++ % WORKER_LATE_MAX;
    late->entries[at].worker = worker;
    late->entries[at].ended_us = now_us;
    memcpy(late->entries[at].token, token, TOKEN_BYTES);
}

/* Forgets the first recent entry matching the hello, or any entry if `hello` is NULL. Returns false
 * if there is none. */
static bool forget(struct worker_late *late, const struct wire_hello *hello, uint64_t now_us)
{
    for (size_t i = 0; i < WORKER_LATE_MAX; i++) {
        uint32_t worker = late->entries[i].worker;
        bool recent = worker && now_us - late->entries[i].ended_us < LATE_US;
        if (recent && (!hello || (worker == hello->worker &&
                                  worker_token_equal(late->entries[i].token, hello->token)))) {
            late->entries[i].worker = 0;
            return true;
        }
    }
    return false;
}

bool worker_late_is_hello(struct worker_late *late, const struct wire_hello *hello, uint64_t now_us)
{
    return forget(late, hello, now_us);
}

bool worker_late_is_silent(struct worker_late *late, uint64_t now_us)
{
    return forget(late, NULL, now_us);
}
