/* crashes: the last crashes of a module, or of each. */
#include "clients/ops/ops.h"

#include "protocol/answer.h"
#include "stats/crash_report.h"

#include <stdlib.h>

static const struct field fields[] = {
    {"module", FIELD_NAME, FIELD_OPTIONAL, PEER_REQUEST_AT(module), .max = MODULE_NAME_MAX},
    {0},
};

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    const struct clients *clients = clients_of(client_session_of_dialogue(dialogue));
    char *text = report_crashes(clients->report, client_request_of(request)->peer.module.text);
    answer_text(dialogue, request, text);
    free(text);
    return VERDICT_FINE;
}

const struct operation client_op_crashes = {
    .name = "crashes",
    .fields = fields,
    .right = RIGHT_OBSERVE,
    .is_feature = true,
    .run = run,
};
