/*
 * bye: the client takes leave. No request comes any more; the events of its jobs are still told.
 *
 * The kernel closes the connections of a dead process as if the process had done so. So an end of
 * input says nothing of its client's health, and this request does.
 */
#include "peers/ops/ops.h"

#include "protocol/answer.h"

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct peer *peer = peer_of_dialogue(dialogue);
    answer_ok(dialogue, request);
    peer_note_end(peer, PEER_END_BYE);
    peer_end(peer);
    return VERDICT_FINE;
}

const struct operation peer_op_bye = {
    .name = "bye",
    .is_feature = true,
    .run = run,
};
