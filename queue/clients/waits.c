/* queue_waits: see waits.h. */
#include "queue/clients/waits.h"

#include "queue/clients/owner.h"
#include "queue/clients/replies.h"
#include "queue/clients/session.h"

#include "common/xmalloc.h"

#include <inttypes.h>
#include <stdio.h>

static struct queue_wait *wait_of(struct kept_ask *ask)
{
    return (struct queue_wait *)((char *)ask - offsetof(struct queue_wait, ask));
}

static void refuse(struct queue_wait *wait, const char *code, const char *message)
{
    kept_unfollow(&wait->follower->kept);
    queue_replies_error(wait->follower, code, message);
    queue_follower_close(wait->follower, 0);
}

static void on_late(void *arg)
{
    refuse(arg, "not-yet", "the job has not ended within timeout_ms of this wait");
}

static bool permits(struct kept_ask *ask, const struct kept *job)
{
    return queue_owner_may_end(wait_of(ask)->follower->session, job);
}

/* The time counts from here on, so that a wait of no time hears of an outcome in the store; that is
 * told once its result is read. */
static void begin_clock(struct queue_wait *wait, const struct kept *job)
{
    if (wait->has_timeout && job->state != KEPT_ENDED)
        timer_set_ms(peer_timers(&wait->follower->session->peer), &wait->timer, wait->timeout_ms);
}

static void refuse_unknown(struct queue_wait *wait)
{
    char message[REQUEST_MESSAGE_MAX];
    snprintf(message, sizeof message, "there is no job q%" PRIu64 "; its outcome may be over",
             wait->ask.seq);
    refuse(wait, "unknown-job", message);
}

static void on_answered(struct kept_ask *ask, enum kept_answer answer, struct kept *job)
{
    struct queue_wait *wait = wait_of(ask);
    if (answer == KEPT_ANSWER_OK)
        begin_clock(wait, job);
    else if (answer == KEPT_ANSWER_DENIED)
        refuse(wait, "denied",
               "wait for a job that is not its own needs the right control; this connection's "
               "token lacks it");
    else if (answer == KEPT_ANSWER_STORAGE)
        refuse(wait, "storage", QUEUE_STORAGE_AWAY);
    else
        refuse_unknown(wait);
}

void queue_wait_begin(struct queue_follower *follower, uint64_t seq, const uint32_t *timeout_ms)
{
    struct queue_wait *wait = follower->wait = xcalloc(1, sizeof *wait);
    wait->follower = follower;
    wait->ask = (struct kept_ask){
        .kind = KEPT_ASK_FOLLOW,
        .seq = seq,
        .follower = &follower->kept,
        .permits = permits,
        .answered = on_answered,
    };
    timer_init(&wait->timer, on_late, wait);
    wait->has_timeout = timeout_ms;
    wait->timeout_ms = timeout_ms ? *timeout_ms : 0;
    keep_ask(queue_session_keep(follower->session), &wait->ask);
}
