/* owner: whose job it is, and whether a client may end a job (owner.c). */
#ifndef TASKMASTER_CLIENTS_OWNER_H
#define TASKMASTER_CLIENTS_OWNER_H

#include "clients/session.h"
#include "jobs/job.h"

/* The job was submitted under the session's name, or on its connection. */
bool client_owner_is(struct client_session *session, const struct job *job);

/* The job is the session's own, or its token has the right `control`. A relay may end the jobs that
 * a relay has submitted for others. */
bool client_owner_may_end(struct client_session *session, const struct job *job);

/* The job is the session's own, or its token has the right `observe`. */
bool client_owner_may_see(struct client_session *session, const struct job *job);

/* Notes in the job that the session ends it. */
void client_owner_note(struct client_session *session, struct job *job);

#endif
