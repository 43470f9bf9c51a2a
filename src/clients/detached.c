/* client_detached: see detached.h. */
#include "clients/detached.h"
#include "clients/clients_internal.h"

#include "common/xmalloc.h"
#include "jobs/queue.h"

#include <stdlib.h>
#include <string.h>

enum { IDLE_MS = 1000 }; /* a source without jobs is kept so long: the next job often comes soon */

/* The detached jobs of one token, and their count with those elsewhere. */
struct client_account {
    struct hash_node by_token;
    struct job_source source;
    struct clients *clients;
    uint64_t elsewhere;               /* jobs of the token in sources of others, as services */
    struct timer idle;                /* set: there are no jobs; all is freed when it fires */
    struct client_session *submitter; /* of the last submit */
    const struct job *submitted;      /* NULL once this submit has ended */
};

static struct client_account *account_of(struct job_source *source)
{
    return (struct client_account *)((char *)source - offsetof(struct client_account, source));
}

static struct client_account *account_by_token(struct hash_node *node)
{
    return (struct client_account *)((char *)node - offsetof(struct client_account, by_token));
}

/* --- a source's life --- */

/* The same for all connections with the session's token. A name outlives a change of its token. */
static uint64_t number_of_token(struct client_session *session)
{
    const char *name = peer_grant(&session->peer)->name;
    if (name)
        return siphash(name, strlen(name), 0);
    return clients_of(session)->peers.access->tokens.count ? session->peer.token_digest : 0;
}

static struct client_account *find(const struct clients *clients, uint64_t token)
{
    struct hash_node *node = hash_first(&clients->detached.sources, token);
    return node ? account_by_token(node) : NULL;
}

/* The end of a submit is told to its client; what comes later has no listener. */
static void on_event(struct job_source *source, struct job *job, const struct job_event *event)
{
    struct client_account *account = account_of(source);
    if (job != account->submitted)
        return;
    account->submitted = NULL;
    client_replies_tell(account->submitter, job, event);
}

static uint64_t count(const struct client_account *account)
{
    return account->source.job_count + account->elsewhere;
}

static void free_if_idle(struct client_account *account)
{
    if (!count(account))
        timer_set_ms(account->clients->peers.loop->timers, &account->idle, IDLE_MS);
}

static void on_left(struct job_source *source, struct job *job)
{
    (void)job;
    free_if_idle(account_of(source));
}

static void free_source(struct client_account *account)
{
    bug_on(account->source.job_count || account->source.held);
    job_queue_forget(&account->source);
    free(account);
}

static void on_idle(void *arg)
{
    struct client_account *account = arg;
    hash_remove(&account->clients->detached.sources, &account->by_token);
    free_source(account);
}

static struct client_account *make(struct clients *clients, uint64_t token)
{
    struct client_account *account = xcalloc(1, sizeof *account);
    account->clients = clients;
    account->source.name = "detached";
    account->source.event = on_event;
    account->source.left = on_left;
    LIST_INIT(&account->source.jobs);
    timer_init(&account->idle, on_idle, account);
    hash_insert(&clients->detached.sources, &account->by_token, token);
    return account;
}

/* --- all sources --- */

void client_detached_init(struct clients *clients)
{
    hash_init(&clients->detached.sources);
}

static void visit_free(struct hash_node *node, void *arg)
{
    struct client_account *account = account_by_token(node);
    (void)arg;
    timer_clear(account->clients->peers.loop->timers, &account->idle);
    free_source(account);
}

void client_detached_free(struct clients *clients)
{
    hash_each(&clients->detached.sources, visit_free, NULL);
    hash_free(&clients->detached.sources);
}

/* --- submits --- */

/* The account of the session's token, about to have one job more. */
static struct client_account *open_account(struct client_session *session)
{
    struct clients *clients = clients_of(session);
    uint64_t token = number_of_token(session);
    struct client_account *account = find(clients, token);
    if (!account)
        account = make(clients, token);
    timer_clear(clients->peers.loop->timers, &account->idle);
    return account;
}

void client_detached_submit(struct client_session *session, struct job *job)
{
    struct client_account *account = open_account(session);
    account->submitter = session;
    account->submitted = job;
    account->source.beside = session->source.job_count + account->elsewhere;
    job_set_source(job, &account->source);
    pools_submit(clients_of(session)->pools, job);
    bug_on(account->submitted);
}

uint64_t client_detached_count(struct client_session *session)
{
    if (!clients_of(session)->detached.sources.count)
        return 0;
    const struct client_account *account = find(clients_of(session), number_of_token(session));
    return account ? count(account) : 0;
}

struct client_account *client_detached_enter(struct client_session *session)
{
    struct client_account *account = open_account(session);
    account->elsewhere++;
    return account;
}

void client_detached_leave(struct client_account *account)
{
    account->elsewhere--;
    free_if_idle(account);
}
