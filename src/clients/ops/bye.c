/*
 * bye: the client takes leave. No request comes any more; the events of its jobs are still told.
 *
 * The kernel closes the connections of a dead process as if the process had done so. So an end of
 * input says nothing of its client's health, and this request does.
 */
#include "clients/ops/ops.h"

#include "protocol/answer.h"

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    answer_ok(dialogue, request);
    session->source.leave = true;
    client_session_note_end(session, CLIENT_BYE);
    client_session_end(session);
    return VERDICT_FINE;
}

const struct operation client_op_bye = {
    .name = "bye",
    .is_feature = true,
    .run = run,
};
