/* submit: what the operation submit of every daemon has. */
#include "peers/ops/ops.h"

const char *peer_submit_module(struct peer *peer, struct request *request)
{
    const struct peer_request *own = peer_request_of(request);
    const char *module = own->module.len ? own->module.text : peer->module;
    if (!module) {
        request_refuse(request, "bad-request",
                       "submit needs a field module, as no default is set for this connection");
        return NULL;
    }
    if (!grant_allows(peer_grant(peer), GRANT_MODULE, module)) {
        request_refuse(request, "denied",
                       "submit needs the right module:%s; this connection's token lacks it",
                       module);
        return NULL;
    }
    return module;
}
