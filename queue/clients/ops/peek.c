/* peek: the payload of a job, as long as it is kept. */
#include "queue/clients/ops/ops.h"

static const struct field fields[] = {QUEUE_OP_JOB_FIELD(FIELD_REQUIRED), {0}};

/* An outcome of a done job is kept without its payload. */
static bool has_payload(const struct kept *job)
{
    return job->state != KEPT_ENDED || !job->stored->outcome.is_done;
}

static void tell(struct queue_job_ask *job_ask, const struct kept *job)
{
    struct conn *conn = &job_ask->asked.session->peer.conn;
    struct event_writer event;
    if (!has_payload(job)) {
        queue_asked_refuse(&job_ask->asked, "not-waiting",
                           "the job is done; its payload is not kept any more");
        return;
    }
    queue_asked_begin(&event, &job_ask->asked, "peek");
    job_name_write(&event, kept_seq(job));
    event_word(&event, "module", job->stored->wish.module);
    event_uint(&event, "size", job->input ? job->input->size : 0);
    event_end(&event);
    if (job->input && job->input->size)
        conn_write_payload(conn, job->input);
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    return queue_op_ask_job(queue_session_of_dialogue(dialogue), request,
                            &(struct kept_ask){.kind = KEPT_ASK_LOOK, .with_input = true},
                            RIGHT_CONTROL, tell);
}

const struct operation queue_op_peek = {
    .name = "peek",
    .is_feature = true,
    .fields = fields,
    .run = run,
};
