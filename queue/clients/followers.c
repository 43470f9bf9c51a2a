/*
 * queue_followers: see followers.h. Clients choose their ids, so these are hashed under a secret
 * key.
 */
#include "queue/clients/followers.h"

#include "queue/clients/replies.h"
#include "queue/clients/session.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 1000 }; /* followers looked at in a turn */

static struct queue_follower *by_id(struct hash_node *node)
{
    return (struct queue_follower *)((char *)node - offsetof(struct queue_follower, by_id));
}

/* --- states --- */

/* The one way to another state. */
static void set_state(struct queue_follower *follower, enum queue_follower_state state)
{
    static const unsigned char from[FOLLOWER_STATES] = {
        [FOLLOWER_OPEN] = 1u << FOLLOWER_NEW | 1u << FOLLOWER_TIED | 1u << FOLLOWER_OWED,
        [FOLLOWER_TIED] = 1u << FOLLOWER_NEW | 1u << FOLLOWER_OWED,
        [FOLLOWER_OWED] = 1u << FOLLOWER_OPEN | 1u << FOLLOWER_TIED | 1u << FOLLOWER_OWED,
        [FOLLOWER_TOLD] = 1u << FOLLOWER_OPEN | 1u << FOLLOWER_TIED | 1u << FOLLOWER_OWED,
    };
    struct queue_followers *all = &follower->session->followers;
    bug_on(!(from[state] & 1u << follower->state));
    if (follower->state != FOLLOWER_NEW)
        TAILQ_REMOVE(&all->lists[follower->state], follower, link);
    follower->state = (uint8_t)state;
    TAILQ_INSERT_TAIL(&all->lists[state], follower, link);
}

void queue_followers_init(struct queue_session *session)
{
    for (int state = 0; state < FOLLOWER_STATES; state++)
        TAILQ_INIT(&session->followers.lists[state]);
}

/* --- the last event --- */

static void free_listed(struct queue_follower *follower)
{
    TAILQ_REMOVE(&follower->session->followers.lists[follower->state], follower, link);
    queue_follower_free(follower);
}

/* The session's input may have been held. */
void queue_follower_stored(struct queue_follower *follower)
{
    struct queue_session *session = follower->session;
    if (!follower->is_storing)
        return;
    follower->is_storing = false;
    if (--session->followers.storing == SUBMITS_AHEAD / 2)
        conn_release_input(&session->peer.conn);
}

/* The id is free. */
static void release_id(struct queue_follower *follower)
{
    struct queue_session *session = follower->session;
    queue_follower_stored(follower);
    hash_remove(&queue_session_clients(session)->by_id, &follower->by_id);
    session->followers.open--;
    session->followers.detached -= follower->kept.is_detached;
}

void queue_follower_close(struct queue_follower *follower, uint64_t seq)
{
    release_id(follower);
    if (follower->wait)
        timer_clear(peer_timers(&follower->session->peer), &follower->wait->timer);
    if (!seq || !conn_is_open(&follower->session->peer.conn)) {
        free_listed(follower);
        return;
    }
    follower->seq = seq;
    follower->told_at = conn_output_at(&follower->session->peer.conn);
    set_state(follower, FOLLOWER_TOLD);
}

/* A wait that is over by now has heard of it in time. */
void queue_follower_put_off(struct queue_follower *follower, uint64_t seq)
{
    if (follower->wait)
        timer_clear(peer_timers(&follower->session->peer), &follower->wait->timer);
    follower->seq = seq;
    set_state(follower, FOLLOWER_OWED);
}

void queue_follower_reopen(struct queue_follower *follower)
{
    bool is_tied = follower->tie && follower->session->peer.end == PEER_END_NONE;
    set_state(follower, is_tied ? FOLLOWER_TIED : FOLLOWER_OPEN);
}

/* --- life --- */

struct queue_follower *queue_follower_new(struct queue_session *session,
                                          const struct request *request,
                                          void (*event)(struct kept_follower *follower,
                                                        const struct kept_event *event))
{
    size_t id_len = request->id.len, context_len = request->context.len;
    struct queue_follower *follower = xmalloc(sizeof *follower + id_len + context_len + 1);
    *follower = (struct queue_follower){
        .kept.event = event,
        .session = session,
        .id_len = (uint16_t)id_len,
        .context_len = (uint16_t)context_len,
    };
    memcpy(follower->text, request->id.text, id_len);
    memcpy(follower->text + id_len, request->context.text, context_len + 1);
    return follower;
}

static void free_wait(struct queue_wait *wait)
{
    keep_ask_forget(&wait->ask);
    timer_clear(peer_timers(&wait->follower->session->peer), &wait->timer);
    free(wait);
}

void queue_follower_free(struct queue_follower *follower)
{
    if (follower->wait)
        free_wait(follower->wait);
    free(follower);
}

static uint64_t hash_of(const struct queue_session *session, const char *id, size_t len)
{
    return siphash(id, len, session->peer.number);
}

struct queue_follower *queue_followers_find(const struct queue_session *session, const char *id,
                                            size_t len)
{
    struct hash_node *node =
        hash_first(&queue_session_clients(session)->by_id, hash_of(session, id, len));
    for (; node; node = hash_next(node)) {
        struct queue_follower *follower = by_id(node);
        if (follower->session == session && follower->id_len == len &&
            memcmp(queue_follower_id(follower), id, len) == 0)
            return follower;
    }
    return NULL;
}

void queue_follower_open(struct queue_follower *follower)
{
    struct queue_session *session = follower->session;
    hash_insert(&queue_session_clients(session)->by_id, &follower->by_id,
                hash_of(session, queue_follower_id(follower), follower->id_len));
    session->followers.open++;
    session->followers.detached += follower->kept.is_detached;
    follower->is_storing = follower->kept.is_submit;
    session->followers.storing += follower->is_storing;
    set_state(follower, follower->tie ? FOLLOWER_TIED : FOLLOWER_OPEN);
}

/* --- the connection --- */

void queue_followers_taken(struct queue_session *session)
{
    struct queue_follower *follower = TAILQ_FIRST(&session->followers.lists[FOLLOWER_TOLD]), *next;
    for (; follower && follower->told_at <= session->peer.conn.written; follower = next) {
        next = TAILQ_NEXT(follower, link);
        kept_acknowledge(queue_session_keep(session), follower->seq);
        free_listed(follower);
    }
}

/* Others that have joined the job may keep it alive: then the submit ends alone. */
static void withdraw(struct queue_follower *follower)
{
    static const char by[] = ",\"by\":\"link\"";
    uint64_t seq = kept_seq(follower->kept.job);
    if (kept_withdraw(&follower->kept, false, by))
        return;
    queue_replies_withdrawn(follower, seq, by);
    queue_follower_close(follower, 0);
}

/* The client's absence ends the job, and the daemon's own end does not. */
static bool is_cut(const struct queue_follower *follower)
{
    uint8_t end = follower->session->peer.end;
    return end != PEER_END_NONE && !(end == PEER_END_BYE && follower->tie == TIE_ON_FAILURE);
}

bool queue_followers_cut_ties(struct queue_session *session)
{
    struct queue_follower_list *tied = &session->followers.lists[FOLLOWER_TIED];
    struct queue_follower *follower;
    for (int n = 0; n < BATCH && (follower = TAILQ_FIRST(tied)); n++) {
        set_state(follower, FOLLOWER_OPEN);
        if (is_cut(follower))
            withdraw(follower);
    }
    return TAILQ_EMPTY(tied);
}

/* Frees up to `*most` followers of a list. */
static void forget(struct queue_followers *followers, enum queue_follower_state state, int *most)
{
    struct queue_follower *follower = TAILQ_FIRST(&followers->lists[state]), *next;
    for (; *most && follower; follower = next, --*most) {
        next = TAILQ_NEXT(follower, link);
        kept_unfollow(&follower->kept);
        if (state != FOLLOWER_TOLD)
            release_id(follower);
        free_listed(follower);
    }
}

bool queue_followers_release(struct queue_session *session)
{
    struct queue_followers *followers = &session->followers;
    int most = BATCH;
    if (!queue_followers_cut_ties(session))
        return false;
    forget(followers, FOLLOWER_OPEN, &most);
    forget(followers, FOLLOWER_OWED, &most);
    forget(followers, FOLLOWER_TOLD, &most);
    return !followers->open && TAILQ_EMPTY(&followers->lists[FOLLOWER_TOLD]);
}
