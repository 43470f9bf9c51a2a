/*
 * client_monitor_news: see monitor_news.h.
 *
 * A `down` is a monitor's only event: the monitor goes with it. All events are written at once, in
 * the order in which things happen. They are output of their connections like any other.
 */
#include "clients/monitor_news.h"
#include "clients/clients_internal.h"

#include "base/signal_name.h"
#include "clients/owner.h"
#include "clients/services.h"
#include "protocol/event_writer.h"

#include <string.h>

static struct clients *clients_of_reader(struct news_reader *reader)
{
    return ((struct client_monitor_news *)((char *)reader -
                                           offsetof(struct client_monitor_news, reader)))
        ->clients;
}

static struct peers_target *target_of(const struct clients *clients, enum client_monitored kind,
                                      uint64_t number, const char *name)
{
    return peers_monitors_of(&clients->peers.monitors, kind, number, name);
}

/* --- jobs --- */

struct job_news {
    const char *boot;
    const struct job *job;
    const struct job_end *end;
};

static void write_job_down(struct event_writer *event, const void *arg)
{
    const struct job_news *news = arg;
    const struct job_event *e = news->end->event;
    event_job(event, news->boot, news->job->seq);
    if (news->end->dropped || e->type == JOB_DONE) {
        event_word(event, "reason", news->end->dropped ? "dropped" : "done");
        return;
    }
    event_word(event, "reason", fail_reason_name(e->fail));
    if (e->signal)
        event_word(event, "signal", signal_name(e->signal));
    if (e->exited)
        event_uint(event, "exit_status", (uint64_t)e->exit_status);
    if (e->by)
        event_word(event, "by", ended_by_name(e->by));
}

static void on_end(struct news_reader *reader, const struct job *job, const struct job_end *end)
{
    const struct clients *clients = clients_of_reader(reader);
    const struct job_news news = {clients->peers.boot, job, end};
    peers_target_down(target_of(clients, MONITORED_JOB, job->seq, NULL), write_job_down, &news);
}

/* --- workers --- */

struct worker_fields {
    const struct worker *worker;
    enum worker_news news;
};

static void write_worker_down(struct event_writer *event, const void *arg)
{
    const struct worker *worker = arg;
    event_uint(event, "worker", worker->id);
    event_word(event, "reason", worker_end_name(worker->end));
}

static void write_worker(struct event_writer *event, const void *arg)
{
    const struct worker_fields *fields = arg;
    const struct worker *worker = fields->worker;
    event_uint(event, "worker", worker->id);
    event_uint(event, "pid", (uint64_t)worker->pid);
    event_word(event, "pool", dispatcher_of(worker)->name);
    event_word(event, "state", worker_news_name(fields->news));
    if (fields->news == WORKER_HAS_ENDED)
        event_word(event, "reason", worker_end_name(worker->end));
}

static void on_worker(struct news_reader *reader, const struct worker *worker,
                      enum worker_news what)
{
    const struct clients *clients = clients_of_reader(reader);
    const struct worker_fields fields = {worker, what};
    peers_target_tell(target_of(clients, MONITORED_POOL, 0, dispatcher_of(worker)->name), "worker",
                      write_worker, &fields);
    peers_target_tell(target_of(clients, MONITORED_WORKERS, 0, NULL), "worker", write_worker,
                      &fields);
    if (what == WORKER_HAS_ENDED)
        peers_target_down(target_of(clients, MONITORED_WORKER, worker->id, NULL), write_worker_down,
                          worker);
}

/* Workers about to end live until their processes are reaped. */
static enum worker_news news_of(const struct worker *worker)
{
    if (worker->dead)
        return WORKER_IS_DEAD;
    return worker->state == WORKER_STARTING ? WORKER_IS_STARTING : WORKER_IS_READY;
}

void client_monitor_news_workers(const struct peers_monitor *monitor, const struct dispatcher *d)
{
    for (int state = 0; state < WORKER_STATES; state++) {
        const struct worker *worker;
        TAILQ_FOREACH (worker, &d->pool.lists[state], link)
            if (worker->pid)
                peers_monitor_tell(monitor, "worker", write_worker,
                                   &(struct worker_fields){worker, news_of(worker)});
    }
}

/* --- clients --- */

struct client_news {
    uint64_t number;
    const char *reason;
};

static void write_client_down(struct event_writer *event, const void *arg)
{
    const struct client_news *news = arg;
    event_uint(event, "client", news->number);
    event_word(event, "reason", news->reason);
}

void client_monitor_news_client_ended(const struct client_session *session, const char *reason)
{
    const struct client_news news = {session->peer.number, reason};
    peers_target_down(target_of(clients_of(session), MONITORED_CLIENT, news.number, NULL),
                      write_client_down, &news);
}

/* --- services --- */

struct service_news {
    const char *name;
    struct client_session *owner; /* NULL: the service is free */
    const char *reason;           /* NULL: this is no change */
};

static void write_service(struct event_writer *event, const void *arg)
{
    const struct service_news *news = arg;
    const char *name = news->owner ? peer_owner(&news->owner->peer) : NULL;
    event_word(event, "service", news->name);
    event_word(event, "state", news->owner ? "registered" : "free");
    if (news->owner)
        event_client(event, "owner", news->owner->peer.number, name);
    if (news->reason)
        event_word(event, "reason", news->reason);
}

static void on_service(const struct client_service *service, const struct client_session *owner,
                       enum client_service_change change)
{
    const struct clients *clients = service->clients;
    const struct service_news news = {service->name, service->owner,
                                      client_service_change_name(change)};
    (void)owner;
    peers_target_tell(target_of(clients, MONITORED_SERVICE, 0, service->name), "service",
                      write_service, &news);
}

void client_monitor_news_service(const struct peers_monitor *monitor)
{
    const char *name = monitor->target->name;
    const struct client_service *service =
        client_services_find((struct clients *)monitor->peer->peers, name);
    peers_monitor_tell(monitor, "service", write_service,
                       &(struct service_news){name, service ? service->owner : NULL, NULL});
}

/* --- the beginning --- */

/* Asks for the news of which there are monitors. */
static void want(struct peers_monitors *monitors)
{
    struct clients *clients =
        (struct clients *)((char *)monitors - offsetof(struct clients, peers.monitors));
    struct news_reader *reader = &clients->monitor_news.reader;
    const size_t *counts = monitors->counts;
    bool workers = counts[MONITORED_WORKER] || counts[MONITORED_POOL] || counts[MONITORED_WORKERS];
    unsigned kinds = (counts[MONITORED_JOB] ? NEWS_MARKED : 0u) | (workers ? NEWS_WORKERS : 0u);
    if (kinds != reader->wants)
        news_want(&clients->pools->shared.news, reader, kinds);
}

void client_monitor_news_init(struct clients *clients)
{
    clients->monitor_news = (struct client_monitor_news){
        .clients = clients,
        .reader = {.on_end = on_end, .on_worker = on_worker},
    };
    clients->peers.monitors.changed = want;
    clients->services.changed = on_service;
}
