/*
 * monitor, demonitor: asks to be told when something ends or changes, and no more.
 *
 * The answer comes first, then the events (monitor_news.c). A thing that has ended, or never was,
 * is told as `down` at once, and leaves no monitor behind.
 */
#include "clients/ops/ops.h"

#include "clients/monitor_news.h"
#include "clients/monitors.h"
#include "clients/owner.h"
#include "jobs/pools.h"
#include "protocol/answer.h"

#include <string.h>

enum { JOB_TEXT_AS_JSON_MAX = 6 * JOB_NAME_MAX }; /* bytes: each one escaped */

enum { REF, JOB, WORKER, CLIENT, SERVICE, POOL, WORKERS }; /* rows */

static const struct field fields[] = {
    [REF] = {"ref", FIELD_ID, FIELD_REQUIRED, CLIENT_REQUEST_AT(ref)},
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

static const struct field demonitor_fields[] = {
    {"ref", FIELD_ID, FIELD_REQUIRED, CLIENT_REQUEST_AT(ref)},
    {0},
};

/* --- a thing that lives, or does not --- */

static struct client_monitor *add(struct client_session *session, const struct request *request,
                                  enum client_monitored kind, uint64_t number, const char *name)
{
    answer_ok(&session->peer.dialogue, request);
    return client_monitors_add(session, client_request_of(request)->ref.text, kind, number, name);
}

static void begin_down(struct event_writer *event, struct client_session *session,
                       const struct request *request)
{
    const struct client_request *own = client_request_of(request);
    answer_ok(&session->peer.dialogue, request);
    event_begin(event, &session->peer.conn, "down");
    event_json(event, "ref", own->ref.text, own->ref.len);
}

static void end_down(struct event_writer *event)
{
    event_word(event, "reason", "unknown");
    event_end(event);
}

/* A thing with a number. */
static void tell_unknown(struct client_session *session, const struct request *request,
                         const struct field *field, uint32_t number)
{
    struct event_writer event;
    begin_down(&event, session, request);
    event_uint(&event, field->name, number);
    end_down(&event);
}

static void tell_unknown_job(struct client_session *session, const struct request *request)
{
    const struct client_request *own = client_request_of(request);
    struct event_writer event;
    begin_down(&event, session, request);
    event_text(&event, "job", own->job.text, own->job.len, JOB_TEXT_AS_JSON_MAX);
    end_down(&event);
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
    const struct client_monitor *monitor = add(session, request, MONITORED_WORKERS, 0, NULL);
    const struct dispatcher *d;
    POOLS_EACH (d, clients_of(session)->pools)
        client_monitor_news_workers(monitor, d);
    return VERDICT_FINE;
}

/* --- the requests --- */

static enum verdict check_room(const struct client_session *session, struct request *request)
{
    const struct client_request *own = client_request_of(request);
    const struct clients *clients = clients_of(session);
    if (client_monitors_find(session, own->ref.text, own->ref.len))
        return request_refuse(request, "duplicate-ref",
                              "a monitor of this connection has the ref already");
    if (session->monitor_count >= MONITORS_EACH)
        return request_refuse(request, "too-many", "this connection has %d monitors already",
                              MONITORS_EACH);
    if (clients->monitors.count >= clients->settings->monitor_max)
        return request_refuse(request, "too-many", "the server has monitor-max monitors already");
    return VERDICT_FINE;
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    static enum verdict (*const kinds[])(struct client_session *, struct request *) = {
        [JOB] = monitor_job,         [WORKER] = monitor_worker, [CLIENT] = monitor_client,
        [SERVICE] = monitor_service, [POOL] = monitor_pool,     [WORKERS] = monitor_workers,
    };
    struct client_session *session = client_session_of_dialogue(dialogue);
    int kind = JOB;
    if (check_room(session, request) != VERDICT_FINE)
        return VERDICT_REFUSED;
    while (!request_has(request, &fields[kind]))
        kind++;
    return kinds[kind](session, request);
}

static enum verdict run_demonitor(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    const struct client_request *own = client_request_of(request);
    struct client_monitor *monitor = client_monitors_find(session, own->ref.text, own->ref.len);
    if (!monitor)
        return request_refuse(request, "unknown-ref",
                              "no monitor of this connection has the ref; its thing may be down");
    client_monitors_remove(monitor);
    answer_ok(&session->peer.dialogue, request);
    return VERDICT_FINE;
}

const struct operation client_op_monitor = {
    .name = "monitor",
    .is_feature = true,
    .fields = fields,
    .run = run,
};

const struct operation client_op_demonitor = {
    .name = "demonitor",
    .is_feature = true,
    .fields = demonitor_fields,
    .run = run_demonitor,
};
