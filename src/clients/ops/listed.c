/* listed: the jobs wanted by a request, and its place in a list. */
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
        .module = own->module.len ? own->module.text : NULL,
        .pool = own->pool.len ? own->pool.text : NULL,
        .owner = own->owner.len ? own->owner.text : NULL,
        .client = own->client,
    };
}

enum verdict client_op_check_pool(struct dialogue *dialogue, struct request *request)
{
    const struct clients *clients = client_session_of_dialogue(dialogue)->clients;
    const char *pool = client_request_of(request)->pool.text;
    if (!*pool || pools_named(clients->pools, pool))
        return VERDICT_FINE;
    return request_refuse(request, "unknown-pool", "there is no pool %s", pool);
}

size_t client_op_limit(const struct request *request)
{
    uint32_t limit = client_request_of(request)->limit;
    return limit ? limit : LIST_DEFAULT;
}

struct client_place *client_op_place(struct clients *clients, struct request *request,
                                     enum client_place_kind kind)
{
    const struct client_request *own = client_request_of(request);
    if (!own->after.len)
        return client_places_add(&clients->places, kind);
    struct client_place *place = client_places_go_on(&clients->places, kind, own->after.text);
    if (!place)
        request_refuse(request, "unknown-place",
                       "there is no place %s in this list, or it is too old; begin again without "
                       "the field after",
                       own->after.text);
    return place;
}
