/* peek: the payload of a waiting job. */
#include "clients/ops/ops.h"

#include "clients/owner.h"
#include "protocol/answer.h"

static const struct field fields[] = {
    {"job", FIELD_STRING, FIELD_REQUIRED, CLIENT_REQUEST_AT(job), .min = 1, .max = JOB_NAME_MAX,
     .noun = "a job's id"},
    {0},
};

/* The job has gone to a worker, and its payload with it. */
static enum verdict refuse_running(struct request *request, const struct job *job)
{
    return request_refuse(request, "not-waiting",
                          "job %s is %s; the payload of a waiting job alone can be seen",
                          client_request_of(request)->job.text, job_state_name(job->state));
}

/* The payload is the job's own: it is copied only if it is small. */
static void answer(struct dialogue *dialogue, const struct request *request, const struct job *job)
{
    struct event_writer event;
    struct payload *payload = job->asked.payload;
    answer_begin(&event, dialogue, request, "peek");
    event_job(&event, clients_of(client_session_of_dialogue(dialogue))->peers.boot, job->seq);
    event_word(&event, "module", job->asked.module->name);
    event_uint(&event, "size", payload ? payload->size : 0);
    event_end(&event);
    if (payload)
        conn_write_payload(dialogue->conn, payload);
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    const struct job *job = client_op_job(session, request);
    if (!job)
        return VERDICT_REFUSED;
    if (!client_owner_may_end(session, job))
        return client_op_refuse_job(request, "control");
    if (job->state != JOB_WAITING)
        return refuse_running(request, job);
    answer(dialogue, request, job);
    return VERDICT_FINE;
}

const struct operation client_op_peek = {
    .name = "peek",
    .is_feature = true,
    .fields = fields,
    .run = run,
};
