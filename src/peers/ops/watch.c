/* watch: what the operation watch of every daemon has; unwatch. */
#include "peers/ops/ops.h"

#include "protocol/answer.h"

static void answer(const struct dialogue *dialogue, const struct request *request, bool was)
{
    struct event_writer event;
    answer_begin_ok(&event, dialogue, request);
    event_bool(&event, "was", was);
    event_end(&event);
}

/* The ok comes before the first event. */
struct peers_watch *peer_watch(struct dialogue *dialogue, struct request *request, size_t size)
{
    struct peer *peer = peer_of_dialogue(dialogue);
    uint32_t what = peer_request_of(request)->what;
    if (!what) {
        request_refuse(request, "bad-request", "watch needs a word in what at least");
        return NULL;
    }
    if (!peer->watch && peer->peers->watches.count >= WATCHES_MAX) {
        request_refuse(request, "too-many", "the server has %d watches already", WATCHES_MAX);
        return NULL;
    }
    answer(dialogue, request, peer->watch);
    return peers_watch_begin(peer, what, size);
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    answer(dialogue, request, peers_watch_end(peer_of_dialogue(dialogue)));
    return VERDICT_FINE;
}

const struct operation peer_op_unwatch = {
    .name = "unwatch",
    .is_feature = true,
    .run = run,
};
