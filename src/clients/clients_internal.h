/*
 * clients_internal: the functions of this folder's files for each other.
 *
 * A file calls the files below it, and never one above:
 *
 *     clients.c               all connections: accept, reload, the server's end
 *     input.c                 callbacks of a session's connection and dialogue
 *     ops/                    the operations
 *     session.c, owner.c      a session's life, and whose job it is
 *     admit.c, tokens.c       the next session to end
 *     draining.c              the next session to tell of a drain
 *     monitor_news.c          events of monitors
 *     monitors.c              the monitors
 *     detached.c              jobs that are nobody's
 *     service_jobs.c          jobs for a name
 *     services.c, watch.c     names of connections, and those that look on
 *     refusal.c, replies.c    the texts: errors about submits, events of jobs
 *     reader.c                parts, and clients that do not take them
 *     job_ids.c, log.c        unfinished jobs by id, lines of the log
 *     selections.c            all jobs of a filter, ended batch by batch
 *     places.c                where lists go on
 *     awaited.c               answers later than their requests
 */
#ifndef TASKMASTER_CLIENTS_CLIENTS_INTERNAL_H
#define TASKMASTER_CLIENTS_CLIENTS_INTERNAL_H

#include "clients/clients.h"
#include "clients/job_ids.h"
#include "clients/refusal.h"
#include "clients/session.h"
#include "common/limits.h"
#include "jobs/pools.h"
#include "net/conn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* input.c */

/* Opens the session's connection. -1: the event loop does not take `fd`; it stays the caller's. */
int client_input_open(struct client_session *session, int fd);

/* admit.c: unauthenticated connections and clients */

enum { UNAUTHENTICATED_MAX = 100 }; /* places of unauthenticated connections */

/* The next unauthenticated connection to end because there are too many; NULL if all may stay.
 * `*tries` is how many connections may be looked at, and is counted down. */
struct client_session *client_admit_surplus(struct clients *clients, int *tries);

/* Likewise, if a descriptor is needed at once. */
struct client_session *client_admit_oldest(struct clients *clients, int *tries);

/* Sets the timer for the end of their grace: some connections become surplus then. */
void client_admit_watch(struct clients *clients);

/* tokens.c */

/* When the next wrong token is answered. */
uint64_t client_tokens_delay(struct clients *clients);

/* The settings have changed: all sessions are searched for revoked tokens, in the turns to come. */
void client_tokens_configure(struct clients *clients);

/* The next session with a revoked token; NULL if there is none. Names that the tokens of others do
 * not permit any more become free. `*tries` is how many sessions may
 * be looked at, and is counted down. */
struct client_session *client_tokens_next_revoked(struct clients *clients, int *tries);

/* Sets the timer if the search is not over. */
void client_tokens_watch(struct clients *clients);

/* The session is being freed. */
void client_tokens_forget(struct client_session *session);

/* draining.c */

/* All sessions are told in the turns to come. */
void client_draining_begin(struct clients *clients);

/* Tells a batch. */
void client_draining_tell_some(struct clients *clients);

/* The session is being freed. */
void client_draining_forget(struct client_session *session);

/* reader.c: parts */

/* A part was written to the session's output. */
void client_reader_put(struct client_session *session);

/* The client has taken some of its output. */
void client_reader_taken(struct client_session *session);

/* The session is closed. */
void client_reader_forget(struct client_session *session);

/* replies.c: events of jobs */

/* The job source's function `event`. */
void client_replies_on_job(struct job_source *source, struct job *job, const struct job_event *e);

/* Writes an event of a job, whosever the job is, unless the connection is closed. */
void client_replies_tell(struct client_session *session, struct job *job,
                         const struct job_event *e);

/* Writes the end of a job submitted for the service `name`. `undelivered`: the session is another
 * service's owner. */
void client_replies_tell_service(struct client_session *session, const char *name, bool undelivered,
                                 struct job *job, const struct job_event *e);

/* The session's output has changed. */
static inline void client_session_note_unread(struct client_session *session)
{
    pools_source_unread(session->clients->pools, &session->source, session->conn.output_len);
    if (session->service_count)
        client_services_unread(session);
}

#endif
