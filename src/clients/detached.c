/* client_detached: see detached.h. */
#include "clients/detached.h"
#include "clients/clients_internal.h"

#include "clients/tokens.h"
#include "common/xmalloc.h"
#include "jobs/queue.h"

#include <stdlib.h>
#include <string.h>

enum { IDLE_MS = 1000 }; /* a source without jobs is kept so long: the next job often comes soon */

/* The detached jobs of one token. */
struct detached_source {
    struct hash_node by_token;
    struct job_source source;
    struct clients *clients;
    struct timer idle;                /* set: the source has no jobs, and is freed when it fires */
    struct client_session *submitter; /* of the last submit */
    const struct job *submitted;      /* NULL once this submit has ended */
};

static struct detached_source *detached_of(struct job_source *source)
{
    return (struct detached_source *)((char *)source - offsetof(struct detached_source, source));
}

static struct detached_source *detached_by_token(struct hash_node *node)
{
    return (struct detached_source *)((char *)node - offsetof(struct detached_source, by_token));
}

/* --- a source's life --- */

/* The same for all connections with the session's token. A name outlives a change of its token. */
static uint64_t number_of_token(struct client_session *session)
{
    const char *name = client_tokens_grant(session)->name;
    if (name)
        return siphash(name, strlen(name), 0);
    return session->clients->access->tokens.count ? session->token_digest : 0;
}

static struct detached_source *find(const struct clients *clients, uint64_t token)
{
    struct hash_node *node = hash_first(&clients->detached.sources, token);
    return node ? detached_by_token(node) : NULL;
}

/* The end of a submit is told to its client; what comes later has no listener. */
static void on_event(struct job_source *source, struct job *job, const struct job_event *event)
{
    struct detached_source *detached = detached_of(source);
    if (job != detached->submitted)
        return;
    detached->submitted = NULL;
    client_replies_tell(detached->submitter, job, event);
}

static void on_left(struct job_source *source, struct job *job)
{
    struct detached_source *detached = detached_of(source);
    (void)job;
    if (!source->job_count)
        timer_set_ms(detached->clients->loop->timers, &detached->idle, IDLE_MS);
}

static void free_source(struct detached_source *detached)
{
    bug_on(detached->source.job_count || detached->source.held);
    job_queue_forget(&detached->source);
    free(detached);
}

static void on_idle(void *arg)
{
    struct detached_source *detached = arg;
    hash_remove(&detached->clients->detached.sources, &detached->by_token);
    free_source(detached);
}

static struct detached_source *make(struct clients *clients, uint64_t token)
{
    struct detached_source *detached = xcalloc(1, sizeof *detached);
    detached->clients = clients;
    detached->source.name = "detached";
    detached->source.event = on_event;
    detached->source.left = on_left;
    LIST_INIT(&detached->source.jobs);
    timer_init(&detached->idle, on_idle, detached);
    hash_insert(&clients->detached.sources, &detached->by_token, token);
    return detached;
}

/* --- all sources --- */

void client_detached_init(struct clients *clients)
{
    hash_init(&clients->detached.sources);
}

static void visit_free(struct hash_node *node, void *arg)
{
    struct detached_source *detached = detached_by_token(node);
    (void)arg;
    timer_clear(detached->clients->loop->timers, &detached->idle);
    free_source(detached);
}

void client_detached_free(struct clients *clients)
{
    hash_each(&clients->detached.sources, visit_free, NULL);
    hash_free(&clients->detached.sources);
}

/* --- submits --- */

void client_detached_submit(struct client_session *session, struct job *job)
{
    struct clients *clients = session->clients;
    uint64_t token = number_of_token(session);
    struct detached_source *detached = find(clients, token);
    if (!detached)
        detached = make(clients, token);
    timer_clear(clients->loop->timers, &detached->idle);
    detached->submitter = session;
    detached->submitted = job;
    detached->source.beside = session->source.job_count;
    job_set_source(job, &detached->source);
    pools_submit(clients->pools, job);
    bug_on(detached->submitted);
}

uint64_t client_detached_count(struct client_session *session)
{
    if (!session->clients->detached.sources.count)
        return 0;
    const struct detached_source *detached = find(session->clients, number_of_token(session));
    return detached ? detached->source.job_count : 0;
}
