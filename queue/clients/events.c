/* queue_events: see events.h. */
#include "queue/clients/events.h"

#include "queue/clients/followers.h"
#include "queue/clients/owed.h"
#include "queue/clients/replies.h"

static bool is_last(const struct queue_follower *follower, const struct kept_event *e)
{
    return e->type == KEPT_EVENT_ENDED || e->type == KEPT_EVENT_REFUSED ||
           (e->type == KEPT_EVENT_ACCEPTED && follower->kept.is_detached);
}

/* Each submit hears that it is stored, whether or not its client wants to. */
static bool is_wanted(const struct queue_follower *follower, const struct kept_event *e)
{
    return e->type != KEPT_EVENT_ACCEPTED || follower->wants_accepted;
}

void queue_events_on_event(struct kept_follower *kept, const struct kept_event *e)
{
    struct queue_follower *follower = queue_follower_of(kept);
    if (e->type == KEPT_EVENT_GONE) {
        queue_replies_error(follower, "unknown-job", "the outcome of the job is not kept any more");
        queue_follower_close(follower, 0);
        return;
    }
    if (e->type == KEPT_EVENT_LEFT) {
        queue_replies_withdrawn(follower, kept_seq(e->job), e->fields);
        queue_follower_close(follower, 0);
        return;
    }
    if (e->type == KEPT_EVENT_ENDED && queue_owed_is_due(follower->session)) {
        queue_follower_put_off(follower, kept_seq(e->job));
        return;
    }
    if (e->type == KEPT_EVENT_ACCEPTED)
        queue_follower_stored(follower);
    if (is_wanted(follower, e))
        queue_replies_tell(follower, e);
    if (is_last(follower, e))
        queue_follower_close(follower, e->type == KEPT_EVENT_ENDED ? kept_seq(e->job) : 0);
}
