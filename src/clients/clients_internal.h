/*
 * clients_internal: the functions of this folder's files for each other.
 *
 * A file calls the files below it, and never one above:
 *
 *     clients.c               all clients
 *     session.c               what a peer's life means for a session
 *     ops/                    the operations
 *     owner.c                 whose job it is
 *     monitor_news.c          events of monitors
 *     detached.c              jobs that are nobody's
 *     service_jobs.c          jobs for a name
 *     services.c, watch.c     names of connections, and those that look on
 *     refusal.c, replies.c    the texts: errors about submits, events of jobs
 *     reader.c                parts, and clients that do not take them
 *     job_ids.c, log.c        unfinished jobs by id, lines of the log
 *     selections.c            all jobs of a filter, ended batch by batch
 */
#ifndef TASKMASTER_CLIENTS_CLIENTS_INTERNAL_H
#define TASKMASTER_CLIENTS_CLIENTS_INTERNAL_H

#include "clients/clients.h"
#include "clients/job_ids.h"
#include "clients/refusal.h"
#include "clients/session.h"
#include "common/limits.h"
#include "jobs/pools.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
    pools_source_unread(clients_of(session)->pools, &session->source,
                        session->peer.conn.output_len);
    if (session->service_count)
        client_services_unread(session);
}

#endif
