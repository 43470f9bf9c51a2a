/* hello: makes an unauthenticated connection a client, and tells it the limits in force. */
#include "clients/ops/ops.h"

#include "jobs/pools.h"
#include "protocol/hello.h"

#include <taskmaster/version.h>

static const struct field fields[] = {
    HELLO_FIELDS,
    {"module", FIELD_NAME, PEER_REQUEST_AT(module), .max = MODULE_NAME_MAX},
    {0},
};

static void write_limits(const struct peer *peer, struct event_writer *event)
{
    const struct clients *clients = (const struct clients *)peer->peers;
    const struct job_settings *limits = &clients->pools->shared.limits;
    event_uint(event, "context_max", CONTEXT_MAX);
    event_uint(event, "job_max", clients->pools->first->limits.job_max);
    event_uint(event, "client_job_max", limits->client_job_max);
    event_uint(event, "payload_total_max", peer->peers->settings->payload_total_max);
    event_uint(event, "client_output_max", limits->source_output_max);
    event_uint(event, "kill_grace_ms", limits->kill_grace_ms);
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    peer_hello(dialogue, request, "taskmasterd/" TASKMASTER_VERSION, write_limits);
    session->source.client = session->peer.client;
    client_watch_tell(session, "greeted", NULL);
    return VERDICT_FINE;
}

const struct operation client_op_hello = {
    .name = "hello",
    .is_hello = true,
    .fields = fields,
    .check = peer_hello_check,
    .run = run,
};
