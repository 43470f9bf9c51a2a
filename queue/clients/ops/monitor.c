/*
 * monitor: asks to be told when a job ends, or a client's connection.
 *
 * The job may be in the store alone, so the answer comes once it is read. A thing that has ended,
 * or never was, is told as `down` at once, and leaves no monitor behind.
 */
#include "queue/clients/ops/ops.h"

#include "queue/clients/news.h"
#include "queue/clients/owner.h"

#include <string.h>

enum { JOB_TEXT_AS_JSON_MAX = 6 * JOB_NAME_MAX }; /* bytes: each one escaped */

enum { REF, JOB, CLIENT }; /* rows */

static const struct field fields[] = {
    [REF] = PEER_OP_REF_FIELD,
    [JOB] = QUEUE_OP_JOB_FIELD(FIELD_ONE_OF),
    [CLIENT] = {"client", FIELD_UINT, FIELD_ONE_OF, QUEUE_REQUEST_AT(client), .max = UINT32_MAX,
                .right = RIGHT_OBSERVE},
    {0},
};

struct monitoring {
    struct queue_job_ask job_ask;
    char ref[ID_TEXT_MAX + 1];
};

/* --- a job --- */

/* `job`: NULL: unknown. */
static void tell_down(const struct monitoring *monitoring, const struct kept *job)
{
    struct conn *conn = &monitoring->job_ask.asked.session->peer.conn;
    struct event_writer event;
    event_begin(&event, conn, "down");
    event_json(&event, "ref", monitoring->ref, strlen(monitoring->ref));
    job_name_write(&event, monitoring->job_ask.ask.seq);
    event_word(&event, "reason", job ? queue_news_reason(job) : "unknown");
    event_end(&event);
}

static void tell(struct queue_job_ask *job_ask, const struct kept *job)
{
    const struct monitoring *monitoring = (struct monitoring *)job_ask;
    struct queue_session *session = job_ask->asked.session;
    struct event_writer event;
    queue_asked_begin_ok(&event, &job_ask->asked);
    event_end(&event);
    if (!job || job->state == KEPT_ENDED)
        tell_down(monitoring, job);
    else
        peers_monitors_add(&session->peer, monitoring->ref, MONITORED_JOB, kept_seq(job), NULL)
            ->own = queue_owner_is(session, job);
}

static void tell_nonsense(struct peer *peer, const struct request *request)
{
    const struct queue_request *own = queue_request_of(request);
    struct event_writer event;
    peer_monitor_begin_unknown(&event, peer, request);
    event_text(&event, "job", own->job.text, own->job.len, JOB_TEXT_AS_JSON_MAX);
    peer_monitor_end_unknown(&event);
}

static enum verdict monitor_job(struct queue_session *session, struct request *request)
{
    uint64_t seq = job_name_read(queue_request_of(request)->job.text);
    if (!seq) {
        tell_nonsense(&session->peer, request);
        return VERDICT_FINE;
    }
    struct monitoring *monitoring = queue_op_job_ask_new(
        sizeof *monitoring, session, request, &(struct kept_ask){.kind = KEPT_ASK_LOOK}, tell);
    memcpy(monitoring->ref, peer_request_of(request)->ref.text, peer_request_of(request)->ref.len);
    monitoring->job_ask.tells_unknown = true;
    return queue_op_job_ask_begin(&monitoring->job_ask, seq, RIGHT_OBSERVE);
}

/* --- a client --- */

static enum verdict monitor_client(struct queue_session *session, const struct request *request)
{
    uint32_t number = queue_request_of(request)->client;
    const struct peer *client = peers_find(session->peer.peers, number);
    struct event_writer event;
    if (client && peer_is_client(client)) {
        peer_monitor_add(&session->peer, request, MONITORED_CLIENT, number, NULL);
        return VERDICT_FINE;
    }
    peer_monitor_begin_unknown(&event, &session->peer, request);
    event_uint(&event, "client", number);
    peer_monitor_end_unknown(&event);
    return VERDICT_FINE;
}

/* --- the request --- */

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct queue_session *session = queue_session_of_dialogue(dialogue);
    if (peer_monitor_check(&session->peer, request) != VERDICT_FINE)
        return VERDICT_REFUSED;
    if (request_has(request, &fields[CLIENT]))
        return monitor_client(session, request);
    return monitor_job(session, request);
}

const struct operation queue_op_monitor = {
    .name = "monitor",
    .is_feature = true,
    .fields = fields,
    .run = run,
};
