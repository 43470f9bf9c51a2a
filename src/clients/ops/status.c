/* status: one job as it is now. */
#include "clients/ops/ops.h"

#include "clients/owner.h"
#include "protocol/answer.h"
#include "stats/job_report.h"

#include <stdlib.h>

static const struct field fields[] = {CLIENT_OP_JOB_FIELDS, {0}};

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    const struct job *job = client_op_job(session, request);
    if (!job)
        return VERDICT_REFUSED;
    if (!client_owner_may_see(session, job))
        return client_op_refuse_job(request, "observe");
    char *text = report_job(clients_of(session)->report, job);
    answer_text(dialogue, request, text);
    free(text);
    return VERDICT_FINE;
}

const struct operation client_op_status = {
    .name = "status",
    .is_feature = true,
    .fields = fields,
    .run = run,
};
