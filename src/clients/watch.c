/* client_watch: see watch.h. */
#include "clients/watch.h"
#include "clients/clients_internal.h"

#include "protocol/event_writer.h"

#include <string.h>

/* Something that has happened. Fields without a value are left out. */
struct sight {
    enum client_watch_what what;
    const char *state, *reason;
    const struct job *job;
    const char *module, *pool;
    uint32_t worker;
    uint64_t client;
    const uint64_t *wait_us, *run_us;
};

/* --- one event --- */

static const char *name_of(enum client_watch_what what)
{
    switch (what) {
    case WATCH_JOBS:
        return "job";
    case WATCH_WORKERS:
        return "worker";
    case WATCH_POOLS:
        return "pool";
    default:
        return "client";
    }
}

static void write_names(struct event_writer *event, const struct peers_watch *watch,
                        const struct sight *sight)
{
    if (sight->job)
        event_job(event, watch->peer->peers->boot, sight->job->seq);
    if (sight->module)
        event_word(event, "module", sight->module);
    if (sight->pool)
        event_word(event, "pool", sight->pool);
    if (sight->worker)
        event_uint(event, "worker", sight->worker);
    if (sight->client)
        event_uint(event, "client", sight->client);
}

static void write_sight(struct peers_watch *watch, const struct sight *sight)
{
    struct event_writer event;
    peers_watch_event_begin(&event, watch, name_of(sight->what), sight->state);
    write_names(&event, watch, sight);
    if (sight->reason)
        event_word(&event, "reason", sight->reason);
    if (sight->wait_us)
        event_uint(&event, "wait_us", *sight->wait_us);
    if (sight->run_us)
        event_uint(&event, "run_us", *sight->run_us);
    peers_watch_event_end(&event, watch);
}

/* --- who is told --- */

/* A sight without the name in question is none of those asked for. */
static bool is_named(const char *wanted, const char *name)
{
    return !*wanted || (name && strcmp(wanted, name) == 0);
}

static bool is_wanted(const struct peers_watch *base, enum client_watch_what what,
                      const char *module, const char *pool)
{
    const struct client_watch *watch = (const struct client_watch *)base;
    return base->what & what && is_named(watch->pool, pool) && is_named(watch->module, module);
}

static void tell_all(struct client_watches *watches, const struct sight *sight)
{
    struct peers_watch *watch;
    LIST_FOREACH (watch, &watches->clients->peers.watches.list, link)
        if (is_wanted(watch, sight->what, sight->module, sight->pool) &&
            peers_watch_may_tell(watch))
            write_sight(watch, sight);
}

/* The short way on a busy server, with hundreds of thousands of sights a second: this second has no
 * room for one about the job. False if it has. */
static bool drop_of_job(struct client_watches *watches, const struct job *job)
{
    struct peers_watch *watch;
    const char *module = job->asked.module ? job->asked.module->name : NULL;
    if (peers_watches_have_room(&watches->clients->peers))
        return false;
    LIST_FOREACH (watch, &watches->clients->peers.watches.list, link)
        watch->dropped += is_wanted(watch, WATCH_JOBS, module, job->run.pool->name);
    return true;
}

/* --- news --- */

static struct client_watches *watches_of(struct news_reader *reader)
{
    return (struct client_watches *)((char *)reader - offsetof(struct client_watches, reader));
}

static struct sight sight_of_job(const struct job *job)
{
    return (struct sight){
        .what = WATCH_JOBS,
        .state = job_state_name(job->state),
        .job = job,
        .module = job->asked.module ? job->asked.module->name : NULL,
        .pool = job->run.pool->name,
        .client = job->source ? job->source->number : 0,
    };
}

static void on_job(struct news_reader *reader, const struct job *job)
{
    if (drop_of_job(watches_of(reader), job))
        return;
    struct sight sight = sight_of_job(job);
    uint64_t wait_us = job->run.begun_us - job->run.submitted_us;
    if (job_is_assigned(job)) {
        sight.worker = job->run.worker ? job->run.worker->id : 0;
        sight.wait_us = &wait_us;
    }
    tell_all(watches_of(reader), &sight);
}

static const char *state_at_end(const struct job_end *end)
{
    return end->event->type == JOB_DONE     ? "done"
           : end->event->type == JOB_FAILED ? "failed"
                                            : "overload";
}

static const char *reason_at_end(const struct job_end *end)
{
    if (end->event->type == JOB_DONE)
        return NULL;
    if (end->event->type == JOB_OVERLOAD)
        return overload_reason_name(end->event->overload);
    return end->dropped ? "dropped" : fail_reason_name(end->event->fail);
}

static void on_end(struct news_reader *reader, const struct job *job, const struct job_end *end)
{
    if (drop_of_job(watches_of(reader), job))
        return;
    struct sight sight = sight_of_job(job);
    sight.state = state_at_end(end);
    sight.reason = reason_at_end(end);
    sight.worker = end->worker ? end->worker->id : 0;
    if (job->run.begun_us) {
        sight.wait_us = &end->event->wait_us;
        sight.run_us = &end->event->run_us;
    }
    tell_all(watches_of(reader), &sight);
}

/* The job of a busy worker has an event of its own. */
static void on_worker(struct news_reader *reader, const struct worker *worker,
                      enum worker_news news)
{
    const struct sight sight = {
        .what = WATCH_WORKERS,
        .state = worker_news_name(news),
        .pool = dispatcher_of(worker)->name,
        .worker = worker->id,
        .reason = news == WORKER_HAS_ENDED ? worker_end_name(worker->end) : NULL,
    };
    tell_all(watches_of(reader), &sight);
}

static void on_pool(struct news_reader *reader, const char *pool, enum pool_news news)
{
    const struct sight sight = {.what = WATCH_POOLS, .state = pool_news_name(news), .pool = pool};
    tell_all(watches_of(reader), &sight);
}

void client_watch_tell(const struct client_session *session, const char *state, const char *reason)
{
    struct client_watches *watches = &clients_of(session)->watches;
    const struct sight sight = {
        .what = WATCH_CLIENTS, .state = state, .reason = reason, .client = session->peer.number};
    if (session->peer.peers->watches.wanted & WATCH_CLIENTS)
        tell_all(watches, &sight);
}

/* --- life --- */

/* Asks for the news that somebody watches. */
static void want(struct peers_watches *of_peers)
{
    struct client_watches *watches =
        &((struct clients *)((char *)of_peers - offsetof(struct clients, peers.watches)))->watches;
    unsigned wanted = of_peers->wanted, kinds = 0;
    if (wanted & WATCH_JOBS)
        kinds |= NEWS_JOBS | NEWS_ENDS;
    if (wanted & WATCH_WORKERS)
        kinds |= NEWS_WORKERS | NEWS_TURNS;
    if (wanted & WATCH_POOLS)
        kinds |= NEWS_POOLS;
    news_want(&watches->clients->pools->shared.news, &watches->reader, kinds);
}

void client_watches_init(struct clients *clients)
{
    clients->peers.watches.changed = want;
    clients->watches = (struct client_watches){
        .clients = clients,
        .reader = {.on_job = on_job, .on_end = on_end, .on_worker = on_worker, .on_pool = on_pool},
    };
}
