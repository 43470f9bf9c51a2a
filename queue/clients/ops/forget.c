/* forget: a kept outcome goes. */
#include "queue/clients/ops/ops.h"

static const struct field fields[] = {QUEUE_OP_JOB_FIELD(FIELD_REQUIRED), {0}};

static void tell(struct queue_job_ask *job_ask, const struct kept *job)
{
    struct event_writer event;
    (void)job;
    queue_asked_begin_ok(&event, &job_ask->asked);
    event_end(&event);
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    return queue_op_ask_job(queue_session_of_dialogue(dialogue), request,
                            &(struct kept_ask){.kind = KEPT_ASK_FORGET}, RIGHT_CONTROL, tell);
}

const struct operation queue_op_forget = {
    .name = "forget",
    .is_feature = true,
    .fields = fields,
    .run = run,
};
