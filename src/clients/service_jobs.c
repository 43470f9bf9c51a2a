/* client_service_jobs: see service_jobs.h. */
#include "clients/service_jobs.h"
#include "clients/clients_internal.h"

#include "clients/detached.h"

#include <string.h>

static struct client_service *service_of(const struct job_source *source)
{
    return (struct client_service *)((char *)source - offsetof(struct client_service, source));
}

/* --- the end of a job --- */

static bool reads_in_time(const struct client_session *session)
{
    uint64_t most = clients_of(session)->pools->shared.limits.source_output_max;
    return !most || session->peer.conn.output_len <= most / 2;
}

/* The service of the setting dead-letters; NULL: none, or its owner is away or reads too little. */
static struct client_service *dead_letters(const struct clients *clients)
{
    const char *name = clients->settings->dead_letters;
    if (strcmp(name, DEAD_LETTERS_DROP) == 0)
        return NULL;
    struct client_service *service = client_services_find(clients, name);
    return service && service->owner && reads_in_time(service->owner) ? service : NULL;
}

static void drop(struct client_service *service, const struct job *job)
{
    service->dropped++;
    service->clients->services.dropped++;
    client_log_service_dropped(service, job);
}

/* Nobody else hears of the end if the owner does not. */
static void deliver(struct client_service *service, struct job *job, const struct job_event *event)
{
    struct client_service *to = service->owner ? service : dead_letters(service->clients);
    if (!to) {
        drop(service, job);
        return;
    }
    to->delivered++;
    service->clients->services.delivered++;
    client_replies_tell_service(to->owner, service->name, to != service, job, event);
}

/* The first event ends the submit. */
static void on_event(struct job_source *source, struct job *job, const struct job_event *event)
{
    struct client_service *service = service_of(source);
    if (job != service->submitted) {
        deliver(service, job, event);
        return;
    }
    service->submitted = NULL;
    client_replies_tell(service->submitter, job, event);
}

static void on_left(struct job_source *source, struct job *job)
{
    client_detached_leave(job->links.account);
    client_services_left(service_of(source));
}

void client_service_jobs_prepare(struct client_service *service)
{
    service->source.event = on_event;
    service->source.left = on_left;
}

/* --- submits --- */

/* The job counts for the quota of its submitter's token, and no other job for the name does. */
static void enter_account(struct client_service *service, struct client_session *session,
                          struct job *job)
{
    uint64_t count = session->source.job_count + client_detached_count(session);
    service->source.beside = count - service->source.job_count;
    job->links.account = client_detached_enter(session);
}

void client_service_jobs_submit(struct client_service *service, struct client_session *session,
                                struct job *job)
{
    struct clients *clients = service->clients;
    pools_source_unread(clients->pools, &service->source, service->owner->peer.conn.output_len);
    service->submitter = session;
    service->submitted = job;
    enter_account(service, session, job);
    job_set_source(job, &service->source);
    pools_submit(clients->pools, job);
    bug_on(service->submitted);
}
