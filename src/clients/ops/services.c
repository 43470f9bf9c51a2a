/* services: the registered names, as the payload of the answer. */
#include "clients/ops/ops.h"

#include "base/json_writer.h"
#include "clients/owner.h"
#include "clients/services.h"
#include "protocol/answer.h"

#include <stdlib.h>

static void write_service(struct json_writer *json, const struct client_service *service,
                          uint64_t now_us)
{
    json_writer_begin(json, NULL, '{');
    json_writer_text(json, "name", service->name);
    json_writer_begin(json, "owner", '{');
    json_writer_uint(json, "client", service->owner->peer.number);
    json_writer_text(json, "name", peer_owner(&service->owner->peer));
    json_writer_end(json, '}');
    json_writer_uint(json, "since_ms", (now_us - service->since_us) / 1000);
    json_writer_uint(json, "delivered", service->delivered);
    json_writer_uint(json, "dropped", service->dropped);
    json_writer_end(json, '}');
}

/* The caller frees the text. */
static char *list(const struct clients *clients)
{
    const struct client_service *service;
    struct json_writer json;
    json_writer_open(&json);
    json_writer_begin(&json, NULL, '[');
    TAILQ_FOREACH (service, &clients->services.registered, link)
        write_service(&json, service, clients->peers.loop->timers->now_us);
    json_writer_end(&json, ']');
    return json_writer_close(&json);
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    char *text = list(clients_of(client_session_of_dialogue(dialogue)));
    answer_text(dialogue, request, text);
    free(text);
    return VERDICT_FINE;
}

const struct operation client_op_services = {
    .name = "services",
    .right = RIGHT_OBSERVE,
    .is_feature = true,
    .run = run,
};
