/* kept_follower: the public calls of followers: to leave, to withdraw. */
#include "queue/kept/kept_internal.h"

void kept_unfollow(struct kept_follower *follower)
{
    if (follower->job)
        kept_tell_leave(follower);
}

/* --- a submit that withdraws --- */

/* By submits of other nodes: the store alone knows. */
static bool may_be_joined(const struct kept_follower *follower)
{
    return kept_is_shared(follower->job->keep) && follower->job->stored->wish.key;
}

bool kept_withdraw(struct kept_follower *follower, bool kill, const char *by)
{
    enum kept_ask_kind kind = kill ? KEPT_ASK_KILL : KEPT_ASK_CANCEL;
    struct kept *job = follower->job;
    if (!kept_is_last(follower)) {
        kept_tell_leave(follower);
        return false;
    }
    follower->is_leaving = true;
    if (may_be_joined(follower))
        kind = KEPT_ASK_WITHDRAW;
    kept_ask_stop(job->keep, job->stored->seq, kind, by)->kills = kill;
    return true;
}

void kept_withdraw_by(struct kept_follower *follower, struct kept_ask *ask)
{
    if (!may_be_joined(follower))
        return;
    follower->is_leaving = true;
    ask->kills = ask->kind == KEPT_ASK_KILL;
    ask->kind = KEPT_ASK_WITHDRAW;
}
