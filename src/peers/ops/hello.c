/* hello: makes an unauthenticated connection a client. The daemon adds the limits in force. */
#include "peers/ops/ops.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "protocol/hello.h"

enum verdict peer_hello_check(struct dialogue *dialogue, struct request *request)
{
    const struct peers *peers = peer_of_dialogue(dialogue)->peers;
    enum verdict verdict = hello_check_token(request, &peers->access->tokens);
    if (verdict != VERDICT_FINE)
        return verdict;
    if (peers->connected >= peers->settings->client_max)
        return request_fail(request, "too-many-clients",
                            "the server has client-max clients already");
    return VERDICT_FINE;
}

static void note_names(struct peer *peer, const struct request *request)
{
    const char *owner = peer_grant(peer)->name;
    if (request->client.len)
        peer->client = xstrdup(request->client.text);
    if (peer->client || owner)
        log_event(LOG_DEBUG, "client-hello", LOG_STR("client", peer->name),
                  LOG_STR_OPT("name", peer->client), LOG_STR_OPT("owner", owner));
}

void peer_hello(struct dialogue *dialogue, struct request *request, const char *server,
                void (*limits)(const struct peer *peer, struct event_writer *event))
{
    struct peer *peer = peer_of_dialogue(dialogue);
    const struct peers *peers = peer->peers;
    struct event_writer event;
    dialogue->payload_max = (uint32_t)peers->settings->payload_max;
    peer_set_module(peer, peer_request_of(request));
    hello_begin(&event, dialogue, request, server, peers->boot);
    limits(peer, &event);
    if (peers->draining)
        event_bool(&event, "draining", true);
    hello_grant(&event, peer_grant(peer));
    hello_end(&event, dialogue, request);
    peer->told_draining = peers->draining;
    note_names(peer, request);
}
