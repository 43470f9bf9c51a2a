/* status: one job as it is now. */
#include "queue/clients/ops/ops.h"

#include "queue/clients/job_report.h"

#include <stdlib.h>

static const struct field fields[] = {
    QUEUE_OP_JOB_FIELD(FIELD_ONE_OF),
    QUEUE_OP_TARGET_FIELD(FIELD_ONE_OF),
    {0},
};

static void tell(struct queue_job_ask *job_ask, const struct kept *job)
{
    char *text = queue_job_report(job, keep_wall_ms(queue_session_keep(job_ask->asked.session)));
    queue_asked_tell_page(&job_ask->asked, NULL, text);
    free(text);
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    return queue_op_ask_job(queue_session_of_dialogue(dialogue), request,
                            &(struct kept_ask){.kind = KEPT_ASK_LOOK}, RIGHT_OBSERVE, tell);
}

const struct operation queue_op_status = {
    .name = "status",
    .is_feature = true,
    .fields = fields,
    .run = run,
};
