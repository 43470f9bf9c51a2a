/* client_refusal: the errors of requests: made now, written now or later. */
#include "clients/clients_internal.h"

#include "common/limits.h"
#include "protocol/event_writer.h"

#include <stdio.h>
#include <string.h>

static void set_duplicate(struct refusal *refusal)
{
    refusal->code = "duplicate-id";
    snprintf(
        refusal->message, sizeof refusal->message,
        "a job under this id has not ended yet; an id is free again after the job's last event");
}

void client_refusal_init(struct refusal *refusal, const struct request *request, const char *code,
                         const char *message)
{
    refusal->code = code;
    refusal->op[0] = '\0';
    refusal->id[0] = '\0';
    refusal->context_len = 0;
    snprintf(refusal->message, sizeof refusal->message, "%s", message);
    if (!request)
        return;
    snprintf(refusal->op, sizeof refusal->op, "%s", request->op_text);
    memcpy(refusal->id, request->id, request->id_len + 1);
    if (request->op == OP_SUBMIT) {
        refusal->context_len = request->context_len;
        memcpy(refusal->context, request->context, request->context_len);
    }
}

void client_refusal_init_job(struct refusal *refusal, const struct job *job, const char *code,
                             const char *message)
{
    client_refusal_init(refusal, NULL, code, message);
    snprintf(refusal->op, sizeof refusal->op, "\"%s\"", op_name(OP_SUBMIT));
    memcpy(refusal->id, job_id(job), job->asked.id_len);
    refusal->id[job->asked.id_len] = '\0';
    refusal->context_len = job->asked.context_len;
    memcpy(refusal->context, job_context(job), job->asked.context_len);
}

void client_refusal_init_duplicate(struct refusal *refusal, const struct job *job)
{
    client_refusal_init_job(refusal, job, "", "");
    set_duplicate(refusal);
}

/* A submit whose id belongs to an unfinished job. */
static bool has_duplicate_id(const struct client_session *session, const struct refusal *refusal)
{
    return strcmp(refusal->op, "\"submit\"") == 0 && refusal->id[0] &&
           client_job_ids_find(session, refusal->id, strlen(refusal->id));
}

void client_refusal_write(struct client_session *session, struct refusal *refusal, bool fatal)
{
    struct event_writer event;
    bool is_duplicate = has_duplicate_id(session, refusal);
    if (is_duplicate && fatal)
        refusal->id[0] = '\0';
    else if (is_duplicate)
        set_duplicate(refusal);
    event_begin(&event, &session->conn, "error");
    event_json(&event, "op", refusal->op, strlen(refusal->op));
    event_json(&event, "id", refusal->id, strlen(refusal->id));
    event_word(&event, "code", refusal->code);
    event_text(&event, "message", refusal->message, strlen(refusal->message), MESSAGE_MAX);
    event_json(&event, "context", refusal->context, refusal->context_len);
    if (fatal)
        event_bool(&event, "fatal", true);
    event_end(&event);
}
