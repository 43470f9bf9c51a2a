/* reopen: the log's file is opened again, as on SIGUSR1. */
#include "clients/ops/ops.h"

#include "clients/log.h"
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
    struct client_session *session = client_session_of_dialogue(dialogue);
    const struct clients_control *control = &session->clients->control;
    struct control_reopen reopen;
    struct event_writer event;
    char who[CLIENT_LOG_NAME_MAX];
    client_log_name(session, who);
    control->reopen(control->arg, who, &reopen);
    if (reopen.fault)
        return refuse(request, &reopen);
    answer_begin_ok(&event, dialogue, request);
    if (reopen.file)
        event_text(&event, "file", reopen.file, strlen(reopen.file), MESSAGE_MAX);
    event_end(&event);
    return VERDICT_FINE;
}

const struct operation client_op_reopen = {
    .name = "reopen",
    .right = RIGHT_ADMIN,
    .is_feature = true,
    .run = run,
};
