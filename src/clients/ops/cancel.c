/* cancel, kill: end a job, named by its submitter's id or by the server's own, or all jobs of a
 * selection. Kill may name a worker instead. */
#include "clients/ops/ops.h"

#include "clients/owner.h"
#include "clients/selections.h"
#include "common/log.h"
#include "jobs/pools.h"
#include "protocol/answer.h"

static const struct field selected[] = {CLIENT_OP_FILTER_FIELDS, {0}};

#define SELECT_FIELD(word)                                                                \
    {                                                                                     \
        "select", FIELD_OBJECT, FIELD_ONE_OF, .fields = selected, .right = RIGHT_CONTROL, \
                                              .feature = (word)                           \
    }

enum { SELECT = 2, WORKER }; /* the rows */

static const struct field cancel_fields[] = {
    CLIENT_OP_JOB_FIELDS,
    [SELECT] = SELECT_FIELD("cancel-select"),
    {0},
};

static const struct field kill_fields[] = {
    CLIENT_OP_JOB_FIELDS,
    [SELECT] = SELECT_FIELD("kill-select"),
    [WORKER] = {"worker", FIELD_UINT, FIELD_ONE_OF, CLIENT_REQUEST_AT(worker), .max = UINT32_MAX,
                .feature = "kill-worker", .right = RIGHT_ADMIN},
    {0},
};

/* The answer comes when all is done. */
static enum verdict end_selected(struct client_session *session, struct request *request)
{
    struct listing_filter filter = client_op_filter(request);
    if (client_selections_add(session, request, &filter, request->operation == &client_op_kill))
        return VERDICT_FINE;
    return request_refuse(request, "too-many",
                          "%d requests of this connection with a field select are in progress",
                          SELECTIONS_MAX);
}

static enum verdict end_job(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    struct job *job = client_op_job(session, request);
    struct event_writer event;
    if (!job)
        return VERDICT_REFUSED;
    if (!client_owner_may_end(session, job))
        return client_op_refuse_job(request, "control");
    answer_begin_ok(&event, dialogue, request);
    event_job(&event, clients_of(session)->peers.boot, job->seq);
    event_word(&event, "state", job_state_name(job->state));
    event_end(&event);
    client_owner_note(session, job);
    dispatcher_cancel(job, request->operation == &client_op_kill);
    return VERDICT_FINE;
}

/* A killed worker is logged as it ends. */
static enum verdict kill_worker(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    struct worker *worker = client_op_worker(session, request);
    struct event_writer event;
    if (!worker)
        return VERDICT_REFUSED;
    log_event(LOG_INFO, "worker-kill", LOG_STR("pool", dispatcher_of(worker)->name),
              LOG_UINT("worker", worker->id), LOG_INT("pid", worker->pid),
              LOG_STR("client", session->peer.name),
              LOG_STR_OPT("owner", peer_grant(&session->peer)->name));
    answer_begin_ok(&event, dialogue, request);
    event_uint(&event, "worker", worker->id);
    event_word(&event, "state", worker_state_name(worker->state));
    event_end(&event);
    dispatcher_kill_worker(worker);
    return VERDICT_FINE;
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    if (request_has(request, &request->operation->fields[SELECT]))
        return end_selected(client_session_of_dialogue(dialogue), request);
    return end_job(dialogue, request);
}

static enum verdict run_kill(struct dialogue *dialogue, struct request *request)
{
    if (request_has(request, &kill_fields[WORKER]))
        return kill_worker(dialogue, request);
    return run(dialogue, request);
}

const struct operation client_op_cancel = {
    .name = "cancel",
    .is_feature = true,
    .fields = cancel_fields,
    .check = client_op_check_pool,
    .run = run,
};

const struct operation client_op_kill = {
    .name = "kill",
    .is_feature = true,
    .fields = kill_fields,
    .check = client_op_check_pool,
    .run = run_kill,
};
