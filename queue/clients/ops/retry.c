/* retry: a kept failed job runs again under its id, or all of a selection do. */
#include "queue/clients/ops/ops.h"

#include "queue/clients/ops/selections.h"

static const struct field selected[] = {QUEUE_OP_FILTER_FIELDS, QUEUE_OP_REASON_FIELD, {0}};

enum { JOB, SELECT }; /* rows */

static const struct field fields[] = {
    [JOB] = QUEUE_OP_JOB_FIELD(FIELD_ONE_OF),
    [SELECT] = {"select", FIELD_OBJECT, FIELD_ONE_OF, .fields = selected, .right = RIGHT_CONTROL,
                .feature = "retry-select"},
    {0},
};

static void tell(struct queue_job_ask *job_ask, const struct kept *job)
{
    struct event_writer event;
    (void)job;
    queue_asked_begin_ok(&event, &job_ask->asked);
    event_uint(&event, "count", 1);
    event_end(&event);
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    if (request_has(request, &fields[SELECT]))
        return queue_selection_begin(dialogue, request, KEPT_ASK_RETRY, SELECT_ENDED);
    return queue_op_ask_job(queue_session_of_dialogue(dialogue), request,
                            &(struct kept_ask){.kind = KEPT_ASK_RETRY}, RIGHT_CONTROL, tell);
}

const struct operation queue_op_retry = {
    .name = "retry",
    .is_feature = true,
    .fields = fields,
    .run = run,
};
