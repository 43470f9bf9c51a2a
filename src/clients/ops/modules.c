/* modules: all modules, with what their files say of themselves. */
#include "clients/ops/ops.h"

#include "protocol/answer.h"
#include "stats/modules_report.h"

#include <stdlib.h>

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    char *text = report_modules(clients_of(client_session_of_dialogue(dialogue))->report);
    answer_text(dialogue, request, text);
    free(text);
    return VERDICT_FINE;
}

const struct operation client_op_modules = {
    .name = "modules",
    .right = RIGHT_OBSERVE,
    .is_feature = true,
    .run = run,
};
