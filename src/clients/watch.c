/* client_watch: see watch.h. */
#include "clients/watch.h"
#include "clients/clients_internal.h"

#include "common/limits.h"
#include "common/xmalloc.h"
#include "protocol/event_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SECOND_US = 1000000 };

struct client_watch {
    LIST_ENTRY(client_watch) link;
    struct client_session *session;
    unsigned what;
    uint64_t dropped; /* since the last event told */
    char module[MODULE_NAME_MAX + 1], pool[POOL_NAME_MAX + 1];
};

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

/* The time of day, in milliseconds. */
static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void write_names(struct event_writer *event, const struct client_watch *watch,
                        const struct sight *sight)
{
    if (sight->job)
        event_job(event, clients_of(watch->session)->peers.boot, sight->job->seq);
    if (sight->module)
        event_word(event, "module", sight->module);
    if (sight->pool)
        event_word(event, "pool", sight->pool);
    if (sight->worker)
        event_uint(event, "worker", sight->worker);
    if (sight->client)
        event_uint(event, "client", sight->client);
}

static void write_sight(const struct client_watch *watch, const struct sight *sight)
{
    struct event_writer event;
    event_begin(&event, &watch->session->peer.conn, "watch");
    event_word(&event, "what", name_of(sight->what));
    event_uint(&event, "at_ms", now_ms());
    event_word(&event, "state", sight->state);
    write_names(&event, watch, sight);
    if (sight->reason)
        event_word(&event, "reason", sight->reason);
    if (sight->wait_us)
        event_uint(&event, "wait_us", *sight->wait_us);
    if (sight->run_us)
        event_uint(&event, "run_us", *sight->run_us);
    if (watch->dropped)
        event_uint(&event, "dropped", watch->dropped);
    event_end(&event);
}

/* --- who is told --- */

/* A sight without the name in question is none of those asked for. */
static bool is_named(const char *wanted, const char *name)
{
    return !*wanted || (name && strcmp(wanted, name) == 0);
}

static bool is_wanted(const struct client_watch *watch, enum client_watch_what what,
                      const char *module, const char *pool)
{
    return watch->what & what && is_named(watch->pool, pool) && is_named(watch->module, module);
}

static bool is_slow(const struct client_watch *watch)
{
    return watch->session->peer.conn.output_len > WATCH_OUTPUT_MAX;
}

/* A reload may have taken the right away. */
static bool is_permitted(const struct client_watch *watch)
{
    return peer_grant(&watch->session->peer)->rights & RIGHT_OBSERVE;
}

/* Whether this second has room for one more event. */
static bool has_room(struct client_watches *watches)
{
    uint64_t now_us = watches->clients->peers.loop->timers->now_us;
    if (now_us - watches->second_us >= SECOND_US) {
        watches->second_us = now_us;
        watches->told = 0;
    }
    return watches->told < WATCH_RATE;
}

static void tell(struct client_watches *watches, struct client_watch *watch,
                 const struct sight *sight)
{
    if (!has_room(watches) || is_slow(watch)) {
        watch->dropped++;
        return;
    }
    if (!is_permitted(watch))
        return;
    watches->told++;
    write_sight(watch, sight);
    watch->dropped = 0;
}

static void tell_all(struct client_watches *watches, const struct sight *sight)
{
    struct client_watch *watch;
    LIST_FOREACH (watch, &watches->list, link)
        if (is_wanted(watch, sight->what, sight->module, sight->pool))
            tell(watches, watch, sight);
}

/* The short way on a busy server, with hundreds of thousands of sights a second: this second has no
 * room for one about the job. False if it has. */
static bool drop_of_job(struct client_watches *watches, const struct job *job)
{
    struct client_watch *watch;
    const char *module = job->asked.module ? job->asked.module->name : NULL;
    if (has_room(watches))
        return false;
    LIST_FOREACH (watch, &watches->list, link)
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
    if (watches->wanted & WATCH_CLIENTS)
        tell_all(watches, &sight);
}

/* --- life --- */

void client_watches_init(struct client_watches *watches, struct clients *clients)
{
    *watches = (struct client_watches){
        .clients = clients,
        .reader = {.on_job = on_job, .on_end = on_end, .on_worker = on_worker, .on_pool = on_pool},
    };
    LIST_INIT(&watches->list);
}

/* Asks for the news that somebody watches. */
static void want(struct client_watches *watches)
{
    const struct client_watch *watch;
    unsigned kinds = 0;
    watches->wanted = 0;
    LIST_FOREACH (watch, &watches->list, link)
        watches->wanted |= watch->what;
    if (watches->wanted & WATCH_JOBS)
        kinds |= NEWS_JOBS | NEWS_ENDS;
    if (watches->wanted & WATCH_WORKERS)
        kinds |= NEWS_WORKERS | NEWS_TURNS;
    if (watches->wanted & WATCH_POOLS)
        kinds |= NEWS_POOLS;
    news_want(&watches->clients->pools->shared.news, &watches->reader, kinds);
}

void client_watch_begin(struct client_session *session, const struct client_watch_wish *wish)
{
    struct client_watches *watches = &clients_of(session)->watches;
    client_watch_end(session);
    struct client_watch *watch = session->watch = xcalloc(1, sizeof *watch);
    watch->session = session;
    watch->what = wish->what;
    snprintf(watch->module, sizeof watch->module, "%s", wish->module);
    snprintf(watch->pool, sizeof watch->pool, "%s", wish->pool);
    LIST_INSERT_HEAD(&watches->list, watch, link);
    watches->count++;
    want(watches);
}

bool client_watch_end(struct client_session *session)
{
    struct client_watch *watch = session->watch;
    if (!watch)
        return false;
    LIST_REMOVE(watch, link);
    clients_of(session)->watches.count--;
    session->watch = NULL;
    free(watch);
    want(&clients_of(session)->watches);
    return true;
}
