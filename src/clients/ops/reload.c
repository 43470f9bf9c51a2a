/* reload: the settings are read again. The answer waits until the workers are replaced, or are not.
 */
#include "clients/ops/ops.h"

#include "clients/awaited.h"

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    const struct clients_control *control = &session->clients->control;
    static struct fault_place place; /* until the error is written */
    struct control_reload reload = {0};
    bool read = control->reload(control->arg, &reload);
    if (reload.fault) {
        place = reload.place;
        request->place = &place;
        return request_refuse(request, "bad-config", "%s", reload.fault);
    }
    if (read)
        client_awaited_add(session, request, &reload);
    else
        client_awaited_refuse(session, request, "the server is shutting down");
    return VERDICT_FINE;
}

const struct operation client_op_reload = {
    .name = "reload",
    .right = RIGHT_ADMIN,
    .is_feature = true,
    .run = run,
};
