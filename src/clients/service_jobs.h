/*
 * service_jobs: jobs submitted for a name. Their submitter hears `accepted`, or a refusal. Their
 * end goes to the owner of the name at that time, once at most.
 *
 * The jobs are in a source of the name's own (services.h). The source is held while its owner
 * leaves a quarter of client-output-max unread, as the jobs of a client itself are: so results for
 * an owner are bounded like those of its own jobs. While nobody has the name, the jobs go on, and
 * their ends are dropped or go to the service of the setting dead-letters. They are not held for
 * that service: it is no part of the bargain, and loses what it does not read in time.
 */
#ifndef TASKMASTER_CLIENTS_SERVICE_JOBS_H
#define TASKMASTER_CLIENTS_SERVICE_JOBS_H

#include "clients/services.h"
#include "jobs/job.h"

/* Sets the functions of the record's source. */
void client_service_jobs_prepare(struct client_service *service);

/* Submits a new job for a registered name in the place of the session, which is told of the
 * submit's end. */
void client_service_jobs_submit(struct client_service *service, struct client_session *session,
                                struct job *job);

#endif
