/* kept_follower: the public calls of followers: to follow, to leave, to acknowledge. */
#include "queue/kept/kept_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

void kept_follow(struct kept *job, struct kept_follower *follower)
{
    kept_tell_join(job, follower);
    kept_tell_ended(job);
}

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

/* A job in the state NEW is none: its submit is about to join another one. */
bool kept_is_last(const struct kept_follower *follower)
{
    const struct kept_follower *other;
    LIST_FOREACH (other, &follower->job->followers, link)
        if (other->is_submit && other != follower)
            return false;
    return !follower->job->is_detached && follower->job->state != KEPT_NEW;
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

/* --- an outcome that was told --- */

static void acknowledged(struct keep_op *op)
{
    stored_job_free(op->op.job);
}

/* Of the job's row alone: the record has gone. */
void kept_acknowledge(struct keep *keep, uint64_t seq)
{
    static const struct stored_wish nothing;
    struct keep_op *op = kept_write_new(keep, STORE_MARK, acknowledged);
    op->op.job = stored_job_new(&nothing);
    op->op.job->seq = seq;
    op->op.job->run.state = STORED_ENDED;
    op->op.job->outcome.over_ms = keep->parts.wall_ms() + keep->settings.ack_ms;
    kept_sweep_note(keep, op->op.job->outcome.over_ms);
    kept_write_post(op);
}
