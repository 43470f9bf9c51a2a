/* hello: makes an unauthenticated connection a client, and tells it the limits in force. */
#include "queue/clients/ops/ops.h"

#include "protocol/hello.h"
#include "queue/clients/news.h"
#include "taskmaster/version.h"

static const struct field fields[] = {
    HELLO_FIELDS,
    {"module", FIELD_NAME, PEER_REQUEST_AT(module), .max = MODULE_NAME_MAX},
    {0},
};

static void write_limits(const struct peer *peer, struct event_writer *event)
{
    const struct queue_clients *clients = (const struct queue_clients *)peer->peers;
    event_uint(event, "context_max", CONTEXT_MAX);
    event_uint(event, "key_max", STORED_KEY_MAX);
    event_uint(event, "job_max", clients->settings->job_max);
    event_uint(event, "owner_job_max", clients->settings->owner_job_max);
    event_uint(event, "payload_total_max", clients->peers.settings->payload_total_max);
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    peer_hello(dialogue, request, "taskqueued/" TASKMASTER_VERSION, write_limits);
    queue_news_client(peer_of_dialogue(dialogue), "greeted");
    return VERDICT_FINE;
}

const struct operation queue_op_hello = {
    .name = "hello",
    .is_hello = true,
    .fields = fields,
    .check = peer_hello_check,
    .run = run,
};
