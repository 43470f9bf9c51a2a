/* client_session: what the life of a peer means for its jobs, names, monitors and watch. */
#include "clients/session.h"
#include "clients/clients_internal.h"
#include "clients/monitor_news.h"
#include "clients/ops/ops.h"
#include "clients/ops/submit_scan.h"
#include "clients/selections.h"

#include "base/json_writer.h"
#include "jobs/pools.h"

#include <stdlib.h>
#include <string.h>

/* --- the beginning --- */

static void init(struct peer *peer)
{
    struct client_session *session = client_session_of(peer);
    session->source.number = peer->number;
    session->source.name = peer->name;
    session->source.event = client_replies_on_job;
    session->source.left = client_job_ids_on_left;
    LIST_INIT(&session->source.jobs);
    LIST_INIT(&session->services);
}

static void opened(struct peer *peer)
{
    client_watch_tell(client_session_of(peer), "connected", NULL);
}

/* --- the token --- */

/* The jobs to come are of this name; those from before keep theirs. */
static void granted(struct peer *peer, const struct grant *grant)
{
    struct client_session *session = client_session_of(peer);
    const char *before = session->origin ? session->origin->owner : NULL, *name = grant->name;
    if (name == before || (name && before && strcmp(name, before) == 0))
        return;
    job_origin_unref(session->origin);
    session->origin = name ? job_origin_new(name, NULL, NULL) : NULL;
}

/* Names that the tokens of others do not permit any more become free. */
static void review(struct peer *peer)
{
    struct client_session *session = client_session_of(peer);
    if (session->service_count)
        client_services_review(session, peer_grant(peer));
}

/* --- input and output --- */

static void taken(struct peer *peer)
{
    struct client_session *session = client_session_of(peer);
    if (session->source.reader)
        client_reader_taken(session);
    client_session_note_unread(session);
}

static void told(struct peer *peer)
{
    client_session_note_unread(client_session_of(peer));
}

static bool arriving(const struct peer *peer, struct refusal *refusal, const char *code,
                     const char *message)
{
    const struct job *job = ((const struct client_session *)peer)->arriving;
    if (job)
        client_refusal_init_job(refusal, job, code, message);
    return job != NULL;
}

static void on_amend(struct dialogue *dialogue, struct refusal *refusal, bool fatal)
{
    client_refusal_amend(client_session_of_dialogue(dialogue), refusal, fatal);
}

static const struct protocol protocol = {
    PEERS_PROTOCOL,
    .operations = client_ops,
    .request = &client_ops_request.peer.base,
    .request_size = sizeof client_ops_request,
    .scanned_size = CLIENT_REQUEST_SCANNED,
    .scan = submit_scan,
    .amend = on_amend,
};

/* --- the end --- */

static size_t jobs(const struct peer *peer)
{
    return ((const struct client_session *)peer)->source.job_count;
}

static bool is_busy(const struct peer *peer)
{
    const struct client_session *session = (const struct client_session *)peer;
    return session->source.job_count || session->selections;
}

static void forget_message(struct client_session *session)
{
    if (session->arriving)
        job_free(session->arriving);
    session->arriving = NULL;
    free(session->arriving_service);
    session->arriving_service = NULL;
}

static void input_over(struct peer *peer)
{
    client_services_release(client_session_of(peer));
}

/* Tied jobs are cancelled. */
static bool end(struct peer *peer)
{
    struct client_session *session = client_session_of(peer);
    forget_message(session);
    session->source.leave = peer->end == PEER_END_BYE;
    return pools_source_ended(clients_of(session)->pools, &session->source);
}

static void closed(struct peer *peer)
{
    struct client_session *session = client_session_of(peer);
    client_watch_tell(session, "closed", peer_end_name(peer->end));
    client_reader_forget(session);
    client_selections_forget(session);
    client_monitor_news_client_ended(session, peer_end_name(peer->end));
    pools_source_gone(clients_of(session)->pools, &session->source);
}

static bool release(struct peer *peer)
{
    struct client_session *session = client_session_of(peer);
    if (!pools_source_gone(clients_of(session)->pools, &session->source))
        return false;
    forget_message(session);
    job_origin_unref(session->origin);
    return true;
}

static void describe(const struct peer *peer, struct json_writer *json)
{
    const struct client_session *session = (const struct client_session *)peer;
    json_writer_uint(json, "services", session->service_count);
    json_writer_uint(json, "monitors", peer->monitor_count);
}

const struct peers_ops client_session_ops = {
    .session_size = sizeof(struct client_session),
    .protocol = &protocol,
    .files_for = "workers",
    .init = init,
    .opened = opened,
    .granted = granted,
    .review = review,
    .taken = taken,
    .told = told,
    .arriving = arriving,
    .input_over = input_over,
    .end = end,
    .is_busy = is_busy,
    .closed = closed,
    .release = release,
    .jobs = jobs,
    .describe = describe,
};
