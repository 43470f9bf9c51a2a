/* job_ids: unfinished jobs, by session and id. An id is JSON text. */
#ifndef TASKMASTER_CLIENTS_JOB_IDS_H
#define TASKMASTER_CLIENTS_JOB_IDS_H

#include "clients/session.h"
#include "jobs/job.h"

/* NULL if the session has no such job. */
struct job *client_job_ids_find(const struct client_session *session, const char *id, size_t len);

/* Adds a new job of the session. False if an unfinished job has the id already. */
bool client_job_ids_add(struct client_session *session, struct job *job);

/* The job source's function `left`: removes the job. */
void client_job_ids_on_left(struct job_source *source, struct job *job);

#endif
