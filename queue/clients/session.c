/*
 * queue_session: see session.h. What a session adds to its peer, as a table.
 */
#include "queue/clients/session.h"

#include "queue/clients/news.h"
#include "queue/clients/ops/ops.h"
#include "queue/clients/owed.h"

#include <stdlib.h>

static void forget_arriving(struct queue_session *session)
{
    if (session->arriving.follower)
        queue_follower_free(session->arriving.follower);
    session->arriving.follower = NULL;
    stored_job_free(session->arriving.stored);
    session->arriving.stored = NULL;
}

static void init(struct peer *peer)
{
    queue_followers_init(queue_session_of_peer(peer));
    TAILQ_INIT(&queue_session_of_peer(peer)->asked);
}

static bool holds(const struct peer *peer)
{
    const struct queue_session *session = (const struct queue_session *)peer;
    return session->followers.storing >= SUBMITS_AHEAD || queue_asked_holds(session);
}

static void taken(struct peer *peer)
{
    queue_followers_taken(queue_session_of_peer(peer));
    queue_owed_go_on(queue_session_of_peer(peer));
}

static bool arriving(const struct peer *peer, struct refusal *refusal, const char *code,
                     const char *message)
{
    const struct queue_follower *follower = ((const struct queue_session *)peer)->arriving.follower;
    if (follower)
        queue_op_refuse_submit(follower, refusal, code, message);
    return follower != NULL;
}

static bool end(struct peer *peer)
{
    forget_arriving(queue_session_of_peer(peer));
    return queue_followers_cut_ties(queue_session_of_peer(peer));
}

static bool is_busy(const struct peer *peer)
{
    const struct queue_session *session = (const struct queue_session *)peer;
    const struct queue_followers *followers = &session->followers;
    bool leaving = queue_session_clients(session)->leaving;
    return (leaving ? followers->detached : followers->open) || !TAILQ_EMPTY(&session->asked);
}

static void opened(struct peer *peer)
{
    queue_news_client(peer, "connected");
}

static void closed(struct peer *peer)
{
    queue_asked_forget_all(queue_session_of_peer(peer));
    queue_owed_forget(queue_session_of_peer(peer));
    queue_news_client(peer, "closed");
}

static bool release(struct peer *peer)
{
    forget_arriving(queue_session_of_peer(peer));
    return queue_followers_release(queue_session_of_peer(peer));
}

static size_t jobs(const struct peer *peer)
{
    return ((const struct queue_session *)peer)->followers.open;
}

static const struct protocol protocol = {
    .operations = queue_ops,
    .request = &queue_ops_request.peer.base,
    .request_size = sizeof queue_ops_request,
    .amend = queue_op_amend,
    PEERS_PROTOCOL,
};

const struct peers_ops queue_session_ops = {
    .session_size = sizeof(struct queue_session),
    .protocol = &protocol,
    .files_for = "payload files",
    .init = init,
    .opened = opened,
    .holds = holds,
    .taken = taken,
    .arriving = arriving,
    .end = end,
    .is_busy = is_busy,
    .closed = closed,
    .release = release,
    .jobs = jobs,
};
