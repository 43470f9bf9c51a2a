/* listed: the jobs wanted by a request. */
#include "clients/ops/ops.h"

#include <string.h>

const char *const client_op_states[] = {"waiting", "running", "stopping", NULL};

static unsigned states_of(const struct client_request *request)
{
    static const unsigned states[] = {LISTING_ALL, LISTING_WAITING, LISTING_RUNNING,
                                      LISTING_STOPPING};
    return states[request->state];
}

struct listing_filter client_op_filter(const struct request *request)
{
    const struct client_request *own = client_request_of(request);
    return (struct listing_filter){
        .states = states_of(own),
        .module = own->peer.module.len ? own->peer.module.text : NULL,
        .pool = own->pool.len ? own->pool.text : NULL,
        .owner = own->owner.len ? own->owner.text : NULL,
        .client = own->client,
    };
}

enum verdict client_op_check_pool(struct dialogue *dialogue, struct request *request)
{
    const struct clients *clients = clients_of(client_session_of_dialogue(dialogue));
    const char *pool = client_request_of(request)->pool.text;
    if (!*pool || pools_named(clients->pools, pool))
        return VERDICT_FINE;
    return request_refuse(request, "unknown-pool", "there is no pool %s", pool);
}
