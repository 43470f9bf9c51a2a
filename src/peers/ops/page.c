/* page: a page of a list, as a request asks for it. */
#include "peers/ops/ops.h"

size_t peer_page_limit(const struct request *request)
{
    uint32_t limit = peer_request_of(request)->limit;
    return limit ? limit : LIST_DEFAULT;
}

struct peers_place *peer_page_place(struct peers *peers, struct request *request,
                                    const struct peers_place_kind *kind)
{
    const char *after = peer_request_of(request)->after.text;
    if (!*after)
        return peers_places_add(&peers->places, kind);
    struct peers_place *place = peers_places_go_on(&peers->places, kind, after);
    if (!place)
        request_refuse(request, "unknown-place",
                       "there is no place %s in this list, or it is too old; begin again without "
                       "the field after",
                       after);
    return place;
}
