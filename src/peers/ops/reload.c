/* reload: the settings are read again. The answer waits until the workers are replaced, or are not.
 */
#include "peers/ops/ops.h"

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct peer *peer = peer_of_dialogue(dialogue);
    const struct peers_control *control = &peer->peers->control;
    static struct fault_place place; /* until the error is written */
    struct control_reload reload = {0};
    bool read = control->reload(control->arg, &reload);
    if (reload.fault) {
        place = reload.place;
        request->place = &place;
        return request_refuse(request, "bad-config", "%s", reload.fault);
    }
    if (read)
        peers_awaited_add(peer, request, &reload);
    else
        peers_awaited_refuse(peer, request, "the server is shutting down");
    return VERDICT_FINE;
}

const struct operation peer_op_reload = {
    .name = "reload",
    .right = RIGHT_ADMIN,
    .is_feature = true,
    .run = run,
};
