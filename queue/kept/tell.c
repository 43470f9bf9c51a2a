/*
 * kept_tell: followers hear of the events of their jobs.
 *
 * A follower may leave, and may free itself, in any event. So the next one to be told stands in the
 * job, and moves on when it leaves.
 */
#include "queue/kept/kept_internal.h"

static bool is_observed(enum kept_event_type type)
{
    return type == KEPT_EVENT_ACCEPTED || type == KEPT_EVENT_STARTED || type == KEPT_EVENT_RETRY ||
           type == KEPT_EVENT_ENDED;
}

void kept_tell_observer(struct kept *job, const struct kept_event *event)
{
    struct keep *keep = job->keep;
    if (keep->observer && is_observed(event->type))
        keep->observer(keep->observer_arg, job, event);
}

void kept_tell_leave(struct kept_follower *follower)
{
    struct kept *job = follower->job;
    if (job->cursor == follower)
        job->cursor = LIST_NEXT(follower, link);
    LIST_REMOVE(follower, link);
    follower->job = NULL;
    kept_touch(job);
}

void kept_tell_join(struct kept *job, struct kept_follower *follower)
{
    LIST_INSERT_HEAD(&job->followers, follower, link);
    follower->job = job;
    kept_touch(job); /* its end may have to be read */
}

void kept_tell_followers(struct kept *job, enum kept_wants wants, struct kept_event *event)
{
    struct kept_follower *follower;
    event->job = job;
    job->cursor = LIST_FIRST(&job->followers);
    while ((follower = job->cursor)) {
        job->cursor = LIST_NEXT(follower, link);
        if (follower->wants & wants)
            follower->event(follower, event);
    }
}

void kept_tell(struct kept *job, enum kept_wants wants, struct kept_event *event)
{
    event->job = job;
    kept_tell_observer(job, event);
    kept_tell_followers(job, wants, event);
}

void kept_tell_last(struct kept_follower *follower, const struct kept_event *event)
{
    kept_tell_leave(follower);
    follower->event(follower, event);
}

void kept_tell_accepted(struct kept *job, struct kept_follower *follower, bool joined)
{
    const struct kept_event event = {.type = KEPT_EVENT_ACCEPTED, .job = job, .joined = joined};
    if (follower->is_detached)
        kept_tell_last(follower, &event);
    else if (follower->wants & KEPT_WANTS_ACCEPTED)
        follower->event(follower, &event);
}

void kept_tell_ended(struct kept *job)
{
    const struct kept_event event = {.type = KEPT_EVENT_ENDED, .job = job};
    struct kept_follower *follower;
    if (job->state != KEPT_ENDED || job->is_writing || kept_record_lacks_result(job))
        return;
    while ((follower = LIST_FIRST(&job->followers)))
        kept_tell_last(follower, &event);
}

void kept_tell_gone(struct kept *job)
{
    const struct kept_event event = {.type = KEPT_EVENT_GONE};
    struct kept_follower *follower;
    while ((follower = LIST_FIRST(&job->followers)))
        kept_tell_last(follower, &event);
}

void kept_tell_answer(struct kept_ask *ask, enum kept_answer answer, struct kept *job)
{
    if (ask->of)
        TAILQ_REMOVE(ask->of, ask, link);
    ask->of = NULL;
    ask->answered(ask, answer,
                  answer == KEPT_ANSWER_UNKNOWN || answer == KEPT_ANSWER_STORAGE ? NULL : job);
}

/* An answered asker may ask again: only the next pass looks at this. */
void kept_tell_answers(struct kept *job, enum kept_answer answer)
{
    struct kept_ask *ask;
    while ((ask = TAILQ_FIRST(&job->answers)))
        kept_tell_answer(ask, answer, job);
}
