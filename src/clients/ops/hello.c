/* hello: makes an unauthenticated connection a client, and tells it the limits in force. */
#include "clients/ops/ops.h"

#include "clients/tokens.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "jobs/pools.h"
#include "protocol/hello.h"

#include <taskmaster/version.h>

static const struct field fields[] = {
    HELLO_FIELDS,
    {"module", FIELD_NAME, CLIENT_REQUEST_AT(module), .max = MODULE_NAME_MAX},
    {0},
};

static enum verdict check(struct dialogue *dialogue, struct request *request)
{
    const struct clients *clients = client_session_of_dialogue(dialogue)->clients;
    enum verdict verdict = hello_check_token(request, &clients->access->tokens);
    if (verdict != VERDICT_FINE)
        return verdict;
    if (clients->connected >= clients->settings->client_max)
        return request_fail(request, "too-many-clients",
                            "the server has client-max clients already");
    return VERDICT_FINE;
}

static void answer(struct client_session *session, const struct request *request)
{
    const struct clients *clients = session->clients;
    const struct job_settings *limits = &clients->pools->shared.limits;
    struct event_writer event;
    hello_begin(&event, &session->dialogue, request, "taskmasterd/" TASKMASTER_VERSION,
                clients->boot);
    event_uint(&event, "context_max", CONTEXT_MAX);
    event_uint(&event, "job_max", clients->pools->first->limits.job_max);
    event_uint(&event, "client_job_max", limits->client_job_max);
    event_uint(&event, "payload_total_max", clients->settings->payload_total_max);
    event_uint(&event, "client_output_max", limits->source_output_max);
    event_uint(&event, "kill_grace_ms", limits->kill_grace_ms);
    if (clients->pools->shared.draining)
        event_bool(&event, "draining", true);
    hello_grant(&event, client_tokens_grant(session));
    hello_end(&event, &session->dialogue, request);
}

static void note_names(struct client_session *session, const struct request *request)
{
    const char *owner = client_tokens_grant(session)->name;
    if (request->client.len)
        session->source.client = session->client = xstrdup(request->client.text);
    if (session->client || owner)
        log_event(LOG_DEBUG, "client-hello", LOG_STR("client", session->name),
                  LOG_STR_OPT("name", session->client), LOG_STR_OPT("owner", owner));
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    dialogue->payload_max = (uint32_t)session->clients->settings->payload_max;
    client_op_set_module(session, client_request_of(request));
    answer(session, request);
    session->told_draining = session->clients->pools->shared.draining;
    note_names(session, request);
    client_watch_tell(session, "greeted", NULL);
    return VERDICT_FINE;
}

const struct operation client_op_hello = {
    .name = "hello",
    .is_hello = true,
    .fields = fields,
    .check = check,
    .run = run,
};
