/* set: the default module of the connection's later submits. Nothing is looked up here. */
#include "clients/ops/ops.h"

#include "common/xmalloc.h"
#include "protocol/answer.h"

#include <stdlib.h>

static const struct field fields[] = {
    {"module", FIELD_NAME, FIELD_REQUIRED, CLIENT_REQUEST_AT(module), .max = MODULE_NAME_MAX},
    {0},
};

void client_op_set_module(struct client_session *session, const struct client_request *request)
{
    if (!request->module.len)
        return;
    free(session->module);
    session->module = xstrdup(request->module.text);
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    client_op_set_module(client_session_of_dialogue(dialogue), client_request_of(request));
    answer_ok(dialogue, request);
    return VERDICT_FINE;
}

const struct operation client_op_set = {
    .name = "set",
    .is_feature = true,
    .fields = fields,
    .run = run,
};
