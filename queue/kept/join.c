/*
 * kept_join: a submit joins the job with its key, and follows that one from then on.
 *
 * Its client may have asked about the submit, or cancelled it, while it was being stored. These
 * asks come along: a job of its own it never was.
 */
#include "queue/kept/kept_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>

bool kept_is_last(const struct kept_follower *follower)
{
    const struct kept_follower *other;
    LIST_FOREACH (other, &follower->job->followers, link)
        if (other->is_submit && other != follower)
            return false;
    return !follower->job->is_detached;
}

static void pass_on(struct kept_ask *ask, struct kept *to)
{
    TAILQ_REMOVE(ask->of, ask, link);
    TAILQ_INSERT_TAIL(&to->asks, ask, link);
    ask->of = &to->asks;
    ask->seq = to->stored->seq;
    kept_touch(to);
}

/* Others are there, too: the submit ends alone. The answer comes first. It may free the ask, and
 * may lose the connection with the follower, which is the first one of its job. */
static void leave(struct kept *job, struct kept_follower *follower, struct kept_ask *ask)
{
    char *by = xstrdup(ask->by ? ask->by : "");
    const struct kept_event event = {.type = KEPT_EVENT_LEFT, .job = job, .fields = by};
    kept_tell_answer(ask, KEPT_ANSWER_OK, job);
    if (LIST_FIRST(&job->followers) == follower)
        kept_tell_last(follower, &event);
    free(by);
}

static void stop(struct kept *job, struct kept_follower *follower, struct kept_ask *ask)
{
    ask->state = job->state;
    if (job->state == KEPT_ENDED || kept_is_last(follower))
        pass_on(ask, job);
    else if (ask->permits && !ask->permits(ask, job))
        kept_tell_answer(ask, KEPT_ANSWER_DENIED, job);
    else
        leave(job, follower, ask);
}

/* An ask of another kind names the job that this submit never became. */
static struct kept_ask *first_meant(const struct kept *job)
{
    struct kept_ask *ask;
    TAILQ_FOREACH (ask, &job->asks, link)
        if (ask->kind == KEPT_ASK_LOOK || ask->kind == KEPT_ASK_CANCEL ||
            ask->kind == KEPT_ASK_KILL || ask->kind == KEPT_ASK_WITHDRAW)
            return ask;
    return NULL;
}

static void take_asks(struct kept *job, struct kept *other, struct kept_follower *follower)
{
    struct kept_ask *ask;
    while (LIST_FIRST(&other->followers) == follower && (ask = first_meant(job)))
        if (ask->kind == KEPT_ASK_LOOK)
            pass_on(ask, other);
        else
            stop(other, follower, ask);
}

void kept_join(struct kept *job, struct kept *other)
{
    struct kept_follower *follower = LIST_FIRST(&job->followers);
    job->keep->counts.joined++;
    job->module->counts.joined++;
    other->is_detached = other->is_detached || job->is_detached;
    kept_set_state(job, KEPT_GONE);
    if (!follower)
        return;
    kept_tell_leave(follower);
    kept_tell_join(other, follower);
    kept_tell_accepted(other, follower, true);
    take_asks(job, other, follower);
    kept_tell_ended(other);
}
