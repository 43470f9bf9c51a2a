/*
 * selections: a cancel or a kill of all jobs of a filter, a batch in each turn.
 *
 * The jobs are those submitted before the request. Waiting ones come first: a job that begins
 * meanwhile is met among the running ones, and one that waits again in another sweep. The
 * selections of all clients are done one after the other, so only one has a place among the jobs.
 * Each is answered when it is done; the session does not end before, and takes its selections along
 * when it is closed.
 */
#ifndef TASKMASTER_CLIENTS_SELECTIONS_H
#define TASKMASTER_CLIENTS_SELECTIONS_H

#include "base/timers.h"
#include "jobs/listing.h"
#include "protocol/request.h"

#include <stdbool.h>
#include <sys/queue.h>

struct client_session;
struct clients;

enum { SELECTIONS_MAX = 100 }; /* of one session, in progress */

struct client_selections {
    TAILQ_HEAD(, client_selection) list;
    struct timer timer; /* set: the next batch is due */
};

void client_selections_init(struct client_selections *selections, void (*fire)(void *arg),
                            void *arg);
void client_selections_free(struct client_selections *selections, struct timers *timers);

/* The request ends the jobs of the filter. The texts of the filter are copied. False: the session
 * has too many selections. */
bool client_selections_add(struct client_session *session, const struct request *request,
                           const struct listing_filter *filter, bool kill);

/* Does a batch. Returns the session of a selection that is done, to be settled; NULL: none is. */
struct client_session *client_selections_go_on(struct clients *clients);

/* Nobody waits for the session's answers any more: what is not done is left. */
void client_selections_forget(struct client_session *session);

#endif
