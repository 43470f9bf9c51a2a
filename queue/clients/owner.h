/* owner: whose a kept job is, and what a client may do with it. */
#ifndef TASKMASTER_QUEUE_CLIENTS_OWNER_H
#define TASKMASTER_QUEUE_CLIENTS_OWNER_H

#include "queue/clients/session.h"

#include <stdbool.h>
#include <stddef.h>

/* Submitted under the name of the session's token, or on its connection, and followed there. */
bool queue_owner_is(struct queue_session *session, const struct kept *job);

/* A job that is not the session's own needs the right control, or observe. */
bool queue_owner_may_end(struct queue_session *session, const struct kept *job);
bool queue_owner_may_see(struct queue_session *session, const struct kept *job);

/* The name that the session's submits are kept under; "": it has none. */
const char *queue_owner_name(struct queue_session *session);

/* Writes who ends the job, as fields of its event: JSON text ",\"by\":\"submitter\"".
 * `job`: NULL: somebody else's. */
void queue_owner_write_by(struct queue_session *session, const struct kept *job, char *text,
                          size_t size);

#endif
