/*
 * monitor: asks to be told when something ends or changes, and no more.
 *
 * The answer comes first, then the events (monitor_news.c). A thing that has ended, or never was,
 * is told as `down` at once, and leaves no monitor behind.
 */
#include "clients/ops/ops.h"

#include "clients/monitor_news.h"
#include "clients/owner.h"
#include "jobs/pools.h"
#include "protocol/answer.h"

#include <string.h>

enum { JOB_TEXT_AS_JSON_MAX = 6 * JOB_NAME_MAX }; /* bytes: each one escaped */

enum { REF, JOB, WORKER, CLIENT, SERVICE, POOL, WORKERS }; /* rows */

static const struct field fields[] = {
    [REF] = PEER_OP_REF_FIELD,
    [JOB] = {"job", FIELD_STRING, FIELD_ONE_OF, CLIENT_REQUEST_AT(job), .min = 1,
             .max = JOB_NAME_MAX, .noun = "a job's id"},
    [WORKER] = {"worker", FIELD_UINT, FIELD_ONE_OF, CLIENT_REQUEST_AT(worker), .max = UINT32_MAX,
                .right = RIGHT_OBSERVE},
    [CLIENT] = {"client", FIELD_UINT, FIELD_ONE_OF, CLIENT_REQUEST_AT(client), .max = UINT32_MAX,
                .right = RIGHT_OBSERVE},
    [SERVICE] = {"service", FIELD_SERVICE, FIELD_ONE_OF, CLIENT_REQUEST_AT(name),
                 .max = SERVICE_NAME_MAX, .right = RIGHT_OBSERVE},
    [POOL] = {"pool", FIELD_STRING, FIELD_ONE_OF, CLIENT_REQUEST_AT(pool), .min = 1,
              .max = POOL_NAME_MAX, .right = RIGHT_OBSERVE},
    [WORKERS] = {"workers", FIELD_TRUE, FIELD_ONE_OF, CLIENT_REQUEST_AT(all_workers),
                 .right = RIGHT_OBSERVE},
    {0},
};

/* --- a thing that lives, or does not --- */

static struct peers_monitor *add(struct client_session *session, const struct request *request,
                                 enum client_monitored kind, uint64_t number, const char *name)
{
    return peer_monitor_add(&session->peer, request, kind, number, name);
}

/* A thing with a number. */
static void tell_unknown(struct client_session *session, const struct request *request,
                         const struct field *field, uint32_t number)
{
    struct event_writer event;
    peer_monitor_begin_unknown(&event, &session->peer, request);
    event_uint(&event, field->name, number);
    peer_monitor_end_unknown(&event);
}

static void tell_unknown_job(struct client_session *session, const struct request *request)
{
    const struct client_request *own = client_request_of(request);
    struct event_writer event;
    peer_monitor_begin_unknown(&event, &session->peer, request);
    event_text(&event, "job", own->job.text, own->job.len, JOB_TEXT_AS_JSON_MAX);
    peer_monitor_end_unknown(&event);
}

/* --- the kinds --- */

static enum verdict monitor_job(struct client_session *session, struct request *request)
{
    struct job *job =
        client_op_job_named(clients_of(session), client_request_of(request)->job.text);
    if (!job) {
        tell_unknown_job(session, request);
        return VERDICT_FINE;
    }
    if (!client_owner_may_see(session, job))
        return client_op_refuse_job(request, "observe");
    job->run.marked = true;
    add(session, request, MONITORED_JOB, job->seq, NULL)->own = client_owner_is(session, job);
    return VERDICT_FINE;
}

static enum verdict monitor_worker(struct client_session *session, struct request *request)
{
    uint32_t id = client_request_of(request)->worker;
    if (pools_worker(clients_of(session)->pools, id))
        add(session, request, MONITORED_WORKER, id, NULL);
    else
        tell_unknown(session, request, &fields[WORKER], id);
    return VERDICT_FINE;
}

static enum verdict monitor_client(struct client_session *session, struct request *request)
{
    uint32_t number = client_request_of(request)->client;
    const struct peer *client = peers_find(session->peer.peers, number);
    if (client && peer_is_client(client))
        add(session, request, MONITORED_CLIENT, number, NULL);
    else
        tell_unknown(session, request, &fields[CLIENT], number);
    return VERDICT_FINE;
}

static enum verdict monitor_service(struct client_session *session, struct request *request)
{
    const char *name = client_request_of(request)->name.text;
    client_monitor_news_service(add(session, request, MONITORED_SERVICE, 0, name));
    return VERDICT_FINE;
}

static enum verdict monitor_pool(struct client_session *session, struct request *request)
{
    const struct dispatcher *d = client_op_pool(session, request);
    if (!d)
        return VERDICT_REFUSED;
    client_monitor_news_workers(add(session, request, MONITORED_POOL, 0, d->name), d);
    return VERDICT_FINE;
}

static enum verdict monitor_workers(struct client_session *session, struct request *request)
{
    const struct peers_monitor *monitor = add(session, request, MONITORED_WORKERS, 0, NULL);
    const struct dispatcher *d;
    POOLS_EACH (d, clients_of(session)->pools)
        client_monitor_news_workers(monitor, d);
    return VERDICT_FINE;
}

/* --- the request --- */

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    static enum verdict (*const kinds[])(struct client_session *, struct request *) = {
        [JOB] = monitor_job,         [WORKER] = monitor_worker, [CLIENT] = monitor_client,
        [SERVICE] = monitor_service, [POOL] = monitor_pool,     [WORKERS] = monitor_workers,
    };
    struct client_session *session = client_session_of_dialogue(dialogue);
    int kind = JOB;
    if (peer_monitor_check(&session->peer, request) != VERDICT_FINE)
        return VERDICT_REFUSED;
    while (!request_has(request, &fields[kind]))
        kind++;
    return kinds[kind](session, request);
}

const struct operation client_op_monitor = {
    .name = "monitor",
    .is_feature = true,
    .fields = fields,
    .run = run,
};
