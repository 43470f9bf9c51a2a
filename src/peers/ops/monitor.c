/* monitor: what the operation monitor of every daemon has; demonitor. */
#include "peers/ops/ops.h"

#include "protocol/answer.h"

/* --- monitor --- */

enum verdict peer_monitor_check(const struct peer *peer, struct request *request)
{
    const struct peer_request *own = peer_request_of(request);
    const struct peers *peers = peer->peers;
    if (peers_monitors_find(peer, own->ref.text, own->ref.len))
        return request_refuse(request, "duplicate-ref",
                              "a monitor of this connection has the ref already");
    if (peer->monitor_count >= MONITORS_EACH)
        return request_refuse(request, "too-many", "this connection has %d monitors already",
                              MONITORS_EACH);
    if (peers->monitors.count >= peers->settings->monitor_max)
        return request_refuse(request, "too-many", "the server has monitor-max monitors already");
    return VERDICT_FINE;
}

struct peers_monitor *peer_monitor_add(struct peer *peer, const struct request *request,
                                       unsigned kind, uint64_t number, const char *name)
{
    answer_ok(&peer->dialogue, request);
    return peers_monitors_add(peer, peer_request_of(request)->ref.text, kind, number, name);
}

void peer_monitor_begin_unknown(struct event_writer *event, struct peer *peer,
                                const struct request *request)
{
    const struct peer_request *own = peer_request_of(request);
    answer_ok(&peer->dialogue, request);
    event_begin(event, &peer->conn, "down");
    event_json(event, "ref", own->ref.text, own->ref.len);
}

void peer_monitor_end_unknown(struct event_writer *event)
{
    event_word(event, "reason", "unknown");
    event_end(event);
}

/* --- demonitor --- */

static const struct field fields[] = {PEER_OP_REF_FIELD, {0}};

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    const struct peer_request *own = peer_request_of(request);
    struct peers_monitor *monitor =
        peers_monitors_find(peer_of_dialogue(dialogue), own->ref.text, own->ref.len);
    if (!monitor)
        return request_refuse(request, "unknown-ref",
                              "no monitor of this connection has the ref; its thing may be down");
    peers_monitors_remove(monitor);
    answer_ok(dialogue, request);
    return VERDICT_FINE;
}

const struct operation peer_op_demonitor = {
    .name = "demonitor",
    .is_feature = true,
    .fields = fields,
    .run = run,
};
