/* queue_owed: see owed.h. */
#include "queue/clients/owed.h"

#include "queue/clients/replies.h"
#include "queue/clients/session.h"

#include "common/xmalloc.h"

#include <stdlib.h>

enum {
    MUCH = 8 * 1024 * 1024, /* bytes of unread output, and never over a quarter of all */
    AGAIN_MS = 1000,        /* a store that cannot be reached is asked again */
};

struct queue_owed {
    struct kept_ask ask;
    struct queue_session *session;
    struct queue_follower *follower;
    struct timer again;
};

static uint64_t much(const struct queue_session *session)
{
    uint64_t quarter = session->peer.peers->settings->output_total_max / 4;
    return quarter < MUCH ? quarter : MUCH;
}

bool queue_owed_is_due(const struct queue_session *session)
{
    return conn_is_open(&session->peer.conn) && session->peer.conn.output_len > much(session);
}

static void give_up(struct queue_follower *follower)
{
    queue_replies_error(follower, "unknown-job", "the outcome of the job is not kept any more");
    queue_follower_close(follower, 0);
}

/* An outcome is told behind the answer. A job that runs again by now has none. */
static void on_answered(struct kept_ask *ask, enum kept_answer answer, struct kept *job)
{
    struct queue_owed *owed = (struct queue_owed *)((char *)ask - offsetof(struct queue_owed, ask));
    struct queue_follower *follower = owed->follower;
    if (answer == KEPT_ANSWER_STORAGE) {
        timer_set_ms(peer_timers(&owed->session->peer), &owed->again, AGAIN_MS);
        return;
    }
    owed->session->owed = NULL;
    free(owed);
    if (answer != KEPT_ANSWER_OK)
        give_up(follower);
    else if (job->state != KEPT_ENDED)
        queue_follower_reopen(follower);
}

static void ask(void *arg)
{
    struct queue_owed *owed = arg;
    keep_ask(queue_session_keep(owed->session), &owed->ask);
}

static void read_outcome(struct queue_session *session, struct queue_follower *follower)
{
    struct queue_owed *owed = session->owed = xcalloc(1, sizeof *owed);
    owed->session = session;
    owed->follower = follower;
    owed->ask = (struct kept_ask){
        .kind = KEPT_ASK_FOLLOW,
        .seq = follower->seq,
        .follower = &follower->kept,
        .answered = on_answered,
    };
    timer_init(&owed->again, ask, owed);
    ask(owed);
}

void queue_owed_go_on(struct queue_session *session)
{
    struct queue_follower *follower = TAILQ_FIRST(&session->followers.lists[FOLLOWER_OWED]);
    bool has_room = session->peer.conn.output_len <= much(session) / 2;
    bool is_reading = session->owed || (follower && follower->kept.job);
    if (follower && has_room && !is_reading)
        read_outcome(session, follower);
}

void queue_owed_forget(struct queue_session *session)
{
    if (!session->owed)
        return;
    keep_ask_forget(&session->owed->ask);
    timer_clear(peer_timers(&session->peer), &session->owed->again);
    free(session->owed);
    session->owed = NULL;
}
