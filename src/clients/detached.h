/*
 * detached: jobs that are nobody's: fire and forget.
 *
 * Their submitter hears one event, `accepted` or a refusal. From then on the jobs belong to a
 * source of their own, which has no connection and outlives every session. There is one such source
 * for each token with detached jobs, because they stay in client-job-max's count of the token. (One
 * source for all would need a second count in each job.) Without tokens all clients share one.
 */
#ifndef TASKMASTER_CLIENTS_DETACHED_H
#define TASKMASTER_CLIENTS_DETACHED_H

#include "base/hash.h"
#include "jobs/job.h"

#include <stdint.h>

struct client_account;
struct client_session;
struct clients;

struct client_detached {
    struct hash sources; /* by the number of their token */
};

void client_detached_init(struct clients *clients);
void client_detached_free(struct clients *clients); /* once no job is left */

/* Submits a new job in the place of the session, which is told of the submit's end: `accepted` if
 * the job is admitted. Nobody hears of the job's own end. */
void client_detached_submit(struct client_session *session, struct job *job);

/* How many jobs without a connection there are of the session's token: detached ones, and those of
 * services. */
uint64_t client_detached_count(struct client_session *session);

/* One more such job is in a source of another kind, and counts until it leaves. */
struct client_account *client_detached_enter(struct client_session *session);
void client_detached_leave(struct client_account *account);

#endif
