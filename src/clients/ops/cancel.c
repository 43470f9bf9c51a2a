/* cancel, kill: end a job, named by its submitter's id or by the server's own. Kill may name a
 * worker instead. */
#include "clients/ops/ops.h"

#include "clients/job_ids.h"
#include "clients/owner.h"
#include "clients/tokens.h"
#include "common/log.h"
#include "jobs/pools.h"
#include "protocol/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_OF_A_JOB                                                          \
    {"job",    FIELD_STRING,        FIELD_ONE_OF,        CLIENT_REQUEST_AT(job), \
     .min = 1, .max = JOB_NAME_MAX, .noun = "a job's id"},                       \
    {                                                                            \
        "target", FIELD_ID, FIELD_ONE_OF, CLIENT_REQUEST_AT(target)              \
    }

static const struct field cancel_fields[] = {FIELDS_OF_A_JOB, {0}};

enum { WORKER = 2 }; /* the row */

static const struct field kill_fields[] = {
    FIELDS_OF_A_JOB,
    [WORKER] = {"worker", FIELD_UINT, FIELD_ONE_OF, CLIENT_REQUEST_AT(worker), .max = UINT32_MAX,
                .feature = "kill-worker", .right = RIGHT_ADMIN},
    {0},
};

/* `name`: "BOOT-SEQ", as this server wrote it. */
static struct job *find_by_name(const struct clients *clients, const char *name)
{
    size_t boot_len = strlen(clients->boot);
    char *end;
    if (strncmp(name, clients->boot, boot_len) != 0 || name[boot_len] != '-')
        return NULL;
    const char *digits = name + boot_len + 1;
    if (*digits < '1' || *digits > '9')
        return NULL;
    errno = 0;
    unsigned long long seq = strtoull(digits, &end, 10);
    if (*end || errno)
        return NULL;
    return pools_find(clients->pools, seq);
}

static struct job *find(const struct client_session *session, const struct client_request *request)
{
    if (request->target.len)
        return client_job_ids_find(session, request->target.text, request->target.len);
    return find_by_name(session->clients, request->job.text);
}

static enum verdict refuse_unknown(struct request *request)
{
    const struct client_request *own = client_request_of(request);
    if (own->target.len)
        return request_refuse(
            request, "unknown-job",
            "no job with id %.*s of this connection is waiting or running; it may have ended",
            ID_SHOWN_MAX, own->target.text);
    return request_refuse(request, "unknown-job",
                          "no job %s is waiting or running; it may have ended", own->job.text);
}

static enum verdict refuse_control(struct request *request)
{
    return request_refuse(request, "denied",
                          "%s of a job that is not its own needs the right control; this "
                          "connection's token lacks it",
                          request->operation->name);
}

static enum verdict run(struct dialogue *dialogue, struct request *request)
{
    struct client_session *session = client_session_of_dialogue(dialogue);
    struct job *job = find(session, client_request_of(request));
    struct event_writer event;
    if (!job)
        return refuse_unknown(request);
    if (!client_owner_may_end(session, job))
        return refuse_control(request);
    answer_begin_ok(&event, dialogue, request);
    event_job(&event, session->clients->boot, job->seq);
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
              LOG_STR("client", session->name),
              LOG_STR_OPT("owner", client_tokens_grant(session)->name));
    answer_begin_ok(&event, dialogue, request);
    event_uint(&event, "worker", worker->id);
    event_word(&event, "state", worker_state_name(worker->state));
    event_end(&event);
    dispatcher_kill_worker(worker);
    return VERDICT_FINE;
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
    .run = run,
};

const struct operation client_op_kill = {
    .name = "kill",
    .is_feature = true,
    .fields = kill_fields,
    .run = run_kill,
};
