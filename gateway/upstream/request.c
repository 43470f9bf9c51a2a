/* upstream_request: a request that waits for its connection. */
#include "gateway/upstream/upstream_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

struct upstream_request upstream_request_keep(const struct upstream_request *request)
{
    struct upstream_request kept = *request;
    char *members = xmalloc(request->members_len + 1);
    memcpy(members, request->members, request->members_len);
    kept.op = xstrdup(request->op);
    kept.members = members;
    if (request->payload)
        payload_ref(request->payload);
    return kept;
}

void upstream_request_free(struct upstream_request *kept)
{
    free((char *)kept->op);
    free((char *)kept->members);
    payload_unref(kept->payload);
    *kept = (struct upstream_request){0};
}
