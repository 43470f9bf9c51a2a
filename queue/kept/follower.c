/* kept_follower: the public calls of followers: to leave, to withdraw. */
#include "queue/kept/kept_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

void kept_unfollow(struct kept_follower *follower)
{
    if (follower->job)
        kept_tell_leave(follower);
}

/* --- a submit that withdraws --- */

/* A cancel that nobody waits for. */
struct withdrawal {
    struct kept_ask ask;
    char by[];
};

static void answered(struct kept_ask *ask, enum kept_answer answer, struct kept *job)
{
    (void)answer, (void)job;
    free(ask);
}

static void cancel(struct kept *job, const char *by)
{
    size_t len = strlen(by) + 1;
    struct withdrawal *withdrawal = xcalloc(1, sizeof *withdrawal + len);
    memcpy(withdrawal->by, by, len);
    withdrawal->ask = (struct kept_ask){.kind = KEPT_ASK_CANCEL,
                                        .seq = job->stored->seq,
                                        .by = withdrawal->by,
                                        .is_own = true,
                                        .answered = answered};
    kept_ask_start(job->keep, &withdrawal->ask);
}

bool kept_withdraw(struct kept_follower *follower, const char *by)
{
    if (!kept_is_last(follower)) {
        kept_tell_leave(follower);
        return false;
    }
    cancel(follower->job, by);
    return true;
}
