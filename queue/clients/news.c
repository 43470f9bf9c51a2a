/* queue_news: see news.h. */
#include "queue/clients/news.h"

#include "queue/clients/clients.h"
#include "queue/clients/job_name.h"
#include "queue/clients/session.h"

#include <string.h>

static struct peers_target *target_of(const struct queue_clients *clients,
                                      enum queue_monitored kind, uint64_t number)
{
    return peers_monitors_of(&clients->peers.monitors, kind, number, NULL);
}

/* --- monitors --- */

const char *queue_news_reason(const struct kept *job)
{
    return job->stored->outcome.is_done ? "done" : job->stored->outcome.reason;
}

static void write_job_down(struct event_writer *event, const void *news)
{
    const struct keep_watched *job = news;
    job_name_write(event, job->seq);
    event_word(event, "reason", job->reason ? job->reason : "done");
}

static void write_client_down(struct event_writer *event, const void *news)
{
    const struct peer *peer = news;
    event_uint(event, "client", peer->number);
    event_word(event, "reason", peer_end_name(peer->end));
}

/* --- watches --- */

static const char *state_of(const struct kept *job, const struct kept_event *e)
{
    switch (e->type) {
    case KEPT_EVENT_ACCEPTED:
        return job->stored->run.state == STORED_DELAYED ? "delayed" : "waiting";
    case KEPT_EVENT_STARTED:
        return "running";
    case KEPT_EVENT_RETRY:
        return "retry";
    default:
        return job->stored->outcome.is_done ? "done" : "failed";
    }
}

static const char *reason_of(const struct kept *job, const struct kept_event *e)
{
    if (e->type == KEPT_EVENT_RETRY)
        return e->reason;
    return e->type == KEPT_EVENT_ENDED ? job->stored->outcome.reason : NULL;
}

static void write_job(struct peers_watch *watch, const struct keep_watched *job)
{
    struct event_writer event;
    peers_watch_event_begin(&event, watch, "job", job->state);
    job_name_write(&event, job->seq);
    event_word(&event, "module", job->module);
    if (job->attempt > 1)
        event_uint(&event, "attempt", job->attempt);
    if (job->reason)
        event_word(&event, "reason", job->reason);
    peers_watch_event_end(&event, watch);
}

static bool wants_job(const struct peers_watch *base, const char *module)
{
    const struct queue_watch *watch = (const struct queue_watch *)base;
    return base->what & WATCH_JOBS && (!*watch->module || strcmp(watch->module, module) == 0);
}

static void watch_job(struct queue_clients *clients, const struct keep_watched *job)
{
    struct peers_watch *watch;
    LIST_FOREACH (watch, &clients->peers.watches.list, link)
        if (wants_job(watch, job->module) && peers_watch_may_tell(watch))
            write_job(watch, job);
}

/* A watch of a module hears of its jobs alone. */
static bool wants_clients(const struct peers_watch *base)
{
    const struct queue_watch *watch = (const struct queue_watch *)base;
    return base->what & WATCH_CLIENTS && !*watch->module;
}

static void watch_client(const struct peer *peer, const char *state)
{
    struct event_writer event;
    struct peers_watch *watch;
    LIST_FOREACH (watch, &peer->peers->watches.list, link) {
        if (!wants_clients(watch) || !peers_watch_may_tell(watch))
            continue;
        peers_watch_event_begin(&event, watch, "client", state);
        event_uint(&event, "client", peer->number);
        if (peer->state == PEER_CLOSED)
            event_word(&event, "reason", peer_end_name(peer->end));
        peers_watch_event_end(&event, watch);
    }
}

/* --- news --- */

static void tell_job(struct queue_clients *clients, const struct keep_watched *job, bool is_ended)
{
    watch_job(clients, job);
    if (is_ended)
        peers_target_down(target_of(clients, MONITORED_JOB, job->seq), write_job_down, job);
}

static void on_event(void *arg, struct kept *job, const struct kept_event *e)
{
    tell_job(arg,
             &(struct keep_watched){.seq = kept_seq(job),
                                    .state = state_of(job, e),
                                    .module = job->stored->wish.module,
                                    .reason = reason_of(job, e),
                                    .attempt = job->stored->run.attempt},
             e->type == KEPT_EVENT_ENDED);
}

/* The store's words for the states of a job at another node. */
static void on_event_elsewhere(void *arg, const struct keep_watched *watched)
{
    struct keep_watched job = *watched;
    bool is_done = strcmp(job.state, "done") == 0;
    if (strcmp(job.state, "accepted") == 0)
        job.state = "waiting";
    else if (strcmp(job.state, "started") == 0)
        job.state = "running";
    if (job.reason && !*job.reason)
        job.reason = NULL;
    tell_job(arg, &job, is_done || strcmp(job.state, "failed") == 0);
}

void queue_news_client(const struct peer *peer, const char *state)
{
    const struct queue_clients *clients = (const struct queue_clients *)peer->peers;
    if (peer->peers->watches.wanted & WATCH_CLIENTS)
        watch_client(peer, state);
    if (peer->state == PEER_CLOSED)
        peers_target_down(target_of(clients, MONITORED_CLIENT, peer->number), write_client_down,
                          peer);
}

/* Asks for the events that somebody hears of. */
static void want(struct queue_clients *clients)
{
    bool wanted =
        clients->peers.monitors.counts[MONITORED_JOB] || clients->peers.watches.wanted & WATCH_JOBS;
    keep_set_observer(clients->keep, wanted ? on_event : NULL, clients);
    keep_set_observer_elsewhere(clients->keep, wanted ? on_event_elsewhere : NULL);
}

static void on_monitors(struct peers_monitors *monitors)
{
    want((struct queue_clients *)((char *)monitors -
                                  offsetof(struct queue_clients, peers.monitors)));
}

static void on_watches(struct peers_watches *watches)
{
    want((struct queue_clients *)((char *)watches - offsetof(struct queue_clients, peers.watches)));
}

void queue_news_init(struct queue_clients *clients)
{
    clients->peers.monitors.changed = on_monitors;
    clients->peers.watches.changed = on_watches;
}
