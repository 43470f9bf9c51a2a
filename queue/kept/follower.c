/* kept_follower: the public calls of followers: to leave, to withdraw. */
#include "queue/kept/kept_internal.h"

void kept_unfollow(struct kept_follower *follower)
{
    if (follower->job)
        kept_tell_leave(follower);
}

/* --- a submit that withdraws --- */

/* Submits of other nodes may have joined a job with a key. */
static enum kept_ask_kind kind_of(const struct kept *job)
{
    bool may_be_joined = kept_is_shared(job->keep) && job->stored->wish.key;
    return may_be_joined ? KEPT_ASK_WITHDRAW : KEPT_ASK_CANCEL;
}

bool kept_withdraw(struct kept_follower *follower, const char *by)
{
    struct kept *job = follower->job;
    if (!kept_is_last(follower)) {
        kept_tell_leave(follower);
        return false;
    }
    follower->is_leaving = true;
    kept_ask_stop(job->keep, job->stored->seq, kind_of(job), by);
    return true;
}
