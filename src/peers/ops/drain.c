/* drain: the server ends as on SIGTERM. */
#include "peers/ops/ops.h"

#include "protocol/answer.h"

/* The answer goes first: the drain tells every connection. */
void peer_drain(struct dialogue *dialogue, struct request *request, enum control_waiting waiting)
{
    struct peer *peer = peer_of_dialogue(dialogue);
    const struct peers_control *control = &peer->peers->control;
    char who[PEERS_LOG_NAME_MAX];
    answer_ok(dialogue, request);
    peers_log_name(peer, who);
    control->drain(control->arg, who, waiting);
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    peer_drain(dialogue, request, WAITING_AS_SET);
    return VERDICT_FINE;
}

const struct operation peer_op_drain = {
    .name = "drain",
    .right = RIGHT_ADMIN,
    .is_feature = true,
    .run = run,
};
