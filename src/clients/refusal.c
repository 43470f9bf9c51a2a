/* client_refusal: the errors about submits. */
#include "clients/refusal.h"
#include "clients/clients_internal.h"

#include <stdio.h>
#include <string.h>

static const char submit[] = "\"submit\"";

static void set_duplicate(struct refusal *refusal)
{
    refusal->code = "duplicate-id";
    snprintf(
        refusal->message, sizeof refusal->message,
        "a job under this id has not ended yet; an id is free again after the job's last event");
}

void client_refusal_init_job(struct refusal *refusal, const struct job *job, const char *code,
                             const char *message)
{
    refusal_init(refusal, code, message);
    memcpy(refusal->op, submit, sizeof submit);
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

/* Whether this is about a submit with the id of an unfinished job. */
static bool has_duplicate_id(const struct client_session *session, const struct refusal *refusal)
{
    return strcmp(refusal->op, submit) == 0 && refusal->id[0] &&
           client_job_ids_find(session, refusal->id, strlen(refusal->id));
}

void client_refusal_amend(const struct client_session *session, struct refusal *refusal, bool fatal)
{
    if (!has_duplicate_id(session, refusal))
        return;
    if (fatal)
        refusal->id[0] = '\0';
    else
        set_duplicate(refusal);
}
