/* reopen: the log's file is opened again, as on SIGUSR1. */
#include "peers/ops/ops.h"

#include "protocol/answer.h"

#include <string.h>

static enum verdict refuse(struct request *request, const struct control_reopen *reopen)
{
    static struct fault_place place; /* until the error is written */
    place = reopen->place;
    request->place = &place;
    return request_refuse(request, "bad-config", "%s", reopen->fault);
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct peer *peer = peer_of_dialogue(dialogue);
    const struct peers_control *control = &peer->peers->control;
    struct control_reopen reopen;
    struct event_writer event;
    char who[PEERS_LOG_NAME_MAX];
    peers_log_name(peer, who);
    control->reopen(control->arg, who, &reopen);
    if (reopen.fault)
        return refuse(request, &reopen);
    answer_begin_ok(&event, dialogue, request);
    if (reopen.file)
        event_text(&event, "file", reopen.file, strlen(reopen.file), MESSAGE_MAX);
    event_end(&event);
    return VERDICT_FINE;
}

const struct operation peer_op_reopen = {
    .name = "reopen",
    .right = RIGHT_ADMIN,
    .is_feature = true,
    .run = run,
};
