/* set: the default module of the connection's later submits. Nothing is looked up here. */
#include "peers/ops/ops.h"

#include "common/xmalloc.h"
#include "protocol/answer.h"

#include <stdlib.h>

static const struct field fields[] = {
    {"module", FIELD_NAME, FIELD_REQUIRED, PEER_REQUEST_AT(module), .max = MODULE_NAME_MAX},
    {0},
};

void peer_set_module(struct peer *peer, const struct peer_request *request)
{
    if (!request->module.len)
        return;
    free(peer->module);
    peer->module = xstrdup(request->module.text);
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    peer_set_module(peer_of_dialogue(dialogue), peer_request_of(request));
    answer_ok(dialogue, request);
    return VERDICT_FINE;
}

const struct operation peer_op_set = {
    .name = "set",
    .is_feature = true,
    .fields = fields,
    .run = run,
};
