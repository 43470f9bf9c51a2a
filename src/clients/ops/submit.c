/*
 * submit: makes a job of a request and its payload, and hands it to the dispatcher.
 *
 * The fields are checked before the payload is read. The job's id and module are looked for at the
 * last byte of the payload, as doc/protocol.md, section 5, promises. The rest (draining, room) is
 * for the dispatcher to decide.
 */
#include "clients/ops/ops.h"

#include "clients/detached.h"
#include "clients/job_ids.h"
#include "clients/refusal.h"
#include "clients/service_jobs.h"
#include "common/xmalloc.h"
#include "jobs/module_table.h"
#include "jobs/pools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NOTIFY_ACCEPTED = 1,
    NOTIFY_STARTED = 2,
    NOTIFY_PROGRESS = 4,
    NOTIFY_PART = 8,
    NOTIFY_USAGE = 16,
};

static const char *const link_words[] = {"on-failure", NULL}; /* as in enum job_link */

static const char *const notify_words[] = {"accepted", "started", "progress",
                                           "part",     "usage",   NULL};

/* Nobody hears of a detached job, and it outlives its connection. */
static const char *const not_with_detach[] = {"link", "notify", NULL};

/* Likewise a service's job, whose end goes elsewhere. */
static const char *const not_with_service[] = {"link", "detach", "notify", NULL};

static const struct field fields[] = {
    {"module", FIELD_NAME, PEER_REQUEST_AT(module), .max = MODULE_NAME_MAX},
    {"context", FIELD_CONTEXT, .max = CONTEXT_MAX, .feature = "context"},
    {"link", FIELD_SWITCH, CLIENT_REQUEST_AT(link), .words = link_words, .feature = "link"},
    {"timeout_ms", FIELD_UINT, CLIENT_REQUEST_AT(timeout_ms), .min = 1, .max = INT32_MAX,
     .feature = "timeout"},
    {"max_wait_ms", FIELD_UINT, CLIENT_REQUEST_AT(max_wait_ms), .min = 1, .max = INT32_MAX,
     .feature = "max-wait"},
    {"soft_timeout_ms", FIELD_UINT, CLIENT_REQUEST_AT(soft_timeout_ms), .min = 1, .max = INT32_MAX,
     .feature = "soft-timeout"},
    {"notify", FIELD_WORDS, CLIENT_REQUEST_AT(notify), .words = notify_words, .feature = "notify-"},
    {"detach", FIELD_TRUE, CLIENT_REQUEST_AT(detach), .not_with = not_with_detach,
     .feature = "detach"},
    {"service", FIELD_SERVICE, CLIENT_REQUEST_AT(service), .max = SERVICE_NAME_MAX,
     .not_with = not_with_service, .feature = "service"},
    {"origin", FIELD_STRING, CLIENT_REQUEST_AT(origin), .min = 1, .max = ORIGIN_MAX,
     .feature = "origin", .right = RIGHT_RELAY},
    {"attempt", FIELD_UINT, CLIENT_REQUEST_AT(attempt), .min = 1, .max = 1000000,
     .feature = "attempt", .right = RIGHT_RELAY},
    {"for", FIELD_STRING, CLIENT_REQUEST_AT(owner), .min = 1, .max = ORIGIN_MAX, .feature = "for",
     .right = RIGHT_RELAY},
    {0},
};

/* A relay's job has one of its own, and so has a service's job of a client without a token's name;
 * other jobs of a connection share one, or have none. */
static struct job_origin *make_origin(const struct client_session *session,
                                      const struct client_request *request)
{
    const char *client = request->service.len && !session->origin ? session->peer.client : NULL;
    if (!request->origin.len && !request->attempt && !request->owner.len && !client)
        return job_origin_ref(session->origin);
    const char *owner = session->origin ? session->origin->owner : NULL;
    struct job_origin *origin =
        job_origin_new(request->owner.len ? request->owner.text : owner,
                       request->origin.len ? request->origin.text : NULL, client);
    origin->attempt = request->attempt;
    origin->relayed = request->owner.len;
    return origin;
}

/* A service's job, too, is detached from its connection. */
static struct job *make_job(const struct client_session *session,
                            const struct client_request *request)
{
    bool detach = request->detach || request->service.len;
    struct job *job = job_new(request->peer.base.id.text, request->peer.base.id.len,
                              request->peer.base.context.text, request->peer.base.context.len);
    job->asked.origin = make_origin(session, request);
    job->asked.timeout_ms = request->timeout_ms;
    job->asked.soft_timeout_ms = request->soft_timeout_ms;
    job->asked.payload_max = session->peer.dialogue.payload_max;
    job->asked.link = request->link & 3;
    job->asked.detach = detach;
    job->asked.notify_accepted = request->notify & NOTIFY_ACCEPTED || detach;
    job->asked.notify_started = request->notify & NOTIFY_STARTED;
    job->asked.notify_progress = request->notify & NOTIFY_PROGRESS;
    job->asked.notify_part = request->notify & NOTIFY_PART;
    job->asked.notify_usage = request->notify & NOTIFY_USAGE;
    return request->max_wait_ms ? job_limit_wait(job, request->max_wait_ms) : job;
}

static enum verdict check(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    const struct client_request *own = client_request_of(request);
    const char *module = peer_submit_module(&session->peer, request);
    if (!module)
        return VERDICT_REFUSED;
    size_t len = own->peer.module.len ? own->peer.module.len : strlen(module);
    memcpy(session->arriving_module, module, len + 1);
    session->arriving_module_len = (uint8_t)len;
    session->arriving = make_job(session, own);
    if (own->service.len)
        session->arriving_service = xstrdup(own->service.text);
    return VERDICT_FINE;
}

static void find_module(const struct client_session *session, struct job *job)
{
    job->asked.module =
        module_table_find(clients_of(session)->modules, session->arriving_module,
                          session->arriving_module_len, peer_timers(&session->peer)->now_us);
    if (!job->asked.module)
        job->run.why_no_module =
            module_table_why_not(clients_of(session)->modules, session->arriving_module);
}

static enum verdict refuse_duplicate(struct job *job, struct refusal *refusal)
{
    client_refusal_init_duplicate(refusal, job);
    job_free(job);
    return VERDICT_REFUSED;
}

static enum verdict refuse_unknown_service(struct job *job, const char *name,
                                           struct refusal *refusal)
{
    char message[REQUEST_MESSAGE_MAX];
    snprintf(message, sizeof message, "no client has the service %s", name);
    client_refusal_init_job(refusal, job, "unknown-service", message);
    job_free(job);
    return VERDICT_REFUSED;
}

/* A detached job's id is taken for no longer than its submit. */
static bool take_id(struct client_session *session, struct job *job)
{
    if (job->asked.detach)
        return !client_job_ids_find(session, job_id(job), job->asked.id_len);
    return client_job_ids_add(session, job);
}

static void submit(struct client_session *session, struct job *job)
{
    if (job->asked.detach) {
        client_detached_submit(session, job);
        return;
    }
    session->source.beside = client_detached_count(session);
    job_set_source(job, &session->source);
    pools_submit(clients_of(session)->pools, job);
}

static enum verdict submit_for(struct client_session *session, struct job *job, const char *name,
                               struct refusal *refusal)
{
    struct client_service *service = client_services_find(clients_of(session), name);
    if (!service || !service->owner)
        return refuse_unknown_service(job, name, refusal);
    find_module(session, job);
    client_service_jobs_submit(service, session, job);
    return VERDICT_FINE;
}

/* The job's source leads to its service, so the name is the submit's alone. */
static enum verdict take_job(struct client_session *session, struct job *job, const char *service,
                             struct refusal *refusal)
{
    if (!take_id(session, job))
        return refuse_duplicate(job, refusal);
    if (service)
        return submit_for(session, job, service, refusal);
    find_module(session, job);
    submit(session, job);
    return VERDICT_FINE;
}

static enum verdict take(struct dialogue *dialogue, struct payload *payload, bool over_budget,
                         struct refusal *refusal)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    struct job *job = session->arriving;
    char *service = session->arriving_service;
    session->arriving = NULL;
    session->arriving_service = NULL;
    job->asked.payload = payload;
    job->run.over_budget = over_budget;
    enum verdict verdict = take_job(session, job, service, refusal);
    free(service);
    return verdict;
}

const struct operation client_op_submit = {
    .name = "submit",
    .fields = fields,
    .right = RIGHT_SUBMIT,
    .needs_id = true,
    .check = check,
    .take = take,
};
