/* drain: the server ends as on SIGTERM; what becomes of waiting jobs is the client's wish. */
#include "clients/ops/ops.h"

static const char *const words[] = {"fail", "run", NULL};

static const struct field fields[] = {
    {"waiting", FIELD_WORD, CLIENT_REQUEST_AT(waiting), .words = words},
    {0},
};

_Static_assert(WAITING_FAIL == 1 && WAITING_RUN == 2, "places of the words, from 1");

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    peer_drain(dialogue, request, client_request_of(request)->waiting);
    return VERDICT_FINE;
}

const struct operation client_op_drain = {
    .name = "drain",
    .right = RIGHT_ADMIN,
    .is_feature = true,
    .fields = fields,
    .run = run,
};
