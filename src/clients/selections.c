/* client_selections: see selections.h. */
#include "clients/selections.h"

#include "clients/owner.h"
#include "clients/session.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "protocol/event_writer.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 1000 }; /* jobs ended in a turn */

struct client_selection {
    TAILQ_ENTRY(client_selection) link;
    struct client_session *session;
    struct listing listing;
    struct listing_filter filter; /* its texts are copies; owned */
    uint64_t count;               /* jobs ended so far */
    uint64_t found;               /* of these, in the present sweep */
    bool again;                   /* the sweep is not the first one, */
    bool parted;                  /* and takes more than one turn */
    bool kill;
    char id[ID_TEXT_MAX + 1]; /* of the request */
};

void client_selections_init(struct client_selections *selections, void (*fire)(void *arg),
                            void *arg)
{
    TAILQ_INIT(&selections->list);
    timer_init(&selections->timer, fire, arg);
}

void client_selections_free(struct client_selections *selections, struct timers *timers)
{
    bug_on(!TAILQ_EMPTY(&selections->list));
    timer_clear(timers, &selections->timer);
}

static const char *copy(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

static struct client_selection *make(struct client_session *session, const struct request *request,
                                     const struct listing_filter *filter, bool kill)
{
    struct client_selection *selection = xcalloc(1, sizeof *selection);
    selection->session = session;
    selection->filter = *filter;
    selection->filter.module = copy(filter->module);
    selection->filter.pool = copy(filter->pool);
    selection->filter.owner = copy(filter->owner);
    selection->filter.last_seq = clients_of(session)->pools->shared.last_seq;
    selection->kill = kill;
    memcpy(selection->id, request->id.text, request->id.len + 1);
    listing_begin(&selection->listing, true);
    return selection;
}

bool client_selections_add(struct client_session *session, const struct request *request,
                           const struct listing_filter *filter, bool kill)
{
    struct client_selections *selections = &clients_of(session)->selections;
    if (session->selections == SELECTIONS_MAX)
        return false;
    struct client_selection *selection = make(session, request, filter, kill);
    TAILQ_INSERT_TAIL(&selections->list, selection, link);
    session->selections++;
    if (!timer_is_set(&selections->timer))
        timer_set_next(peer_timers(&session->peer), &selections->timer);
    return true;
}

static void drop(struct client_selection *selection)
{
    selection->session->selections--;
    listing_end(&selection->listing);
    TAILQ_REMOVE(&clients_of(selection->session)->selections.list, selection, link);
    free((void *)selection->filter.module);
    free((void *)selection->filter.pool);
    free((void *)selection->filter.owner);
    free(selection);
}

void client_selections_forget(struct client_session *session)
{
    struct client_selections *selections = &clients_of(session)->selections;
    struct client_selection *selection, *next;
    for (selection = TAILQ_FIRST(&selections->list); session->selections; selection = next) {
        next = TAILQ_NEXT(selection, link);
        if (selection->session == session)
            drop(selection);
    }
}

/* The end of one job may end others, so each is looked for by its number. Those told to stop in an
 * earlier sweep may be met again. */
static void end_jobs(struct client_selection *selection, const struct listing_page *page)
{
    struct client_session *session = selection->session;
    uint64_t seqs[BATCH];
    for (size_t i = 0; i < page->count; i++)
        seqs[i] = page->jobs[i]->seq;
    for (size_t i = 0; i < page->count; i++) {
        struct job *job = pools_find(clients_of(session)->pools, seqs[i]);
        if (!job || (selection->again && job->run.cancelled))
            continue;
        selection->count++;
        selection->found++;
        client_owner_note(session, job);
        dispatcher_cancel(job, selection->kill);
    }
}

static const char *op_name(const struct client_selection *selection)
{
    return selection->kill ? "kill" : "cancel";
}

static void log_done(const struct client_selection *selection)
{
    struct client_session *session = selection->session;
    log_event(LOG_INFO, "jobs-selected", LOG_STR("op", op_name(selection)),
              LOG_STR("client", session->peer.name),
              LOG_STR_OPT("owner", peer_grant(&session->peer)->name),
              LOG_STR_OPT("module", selection->filter.module),
              LOG_STR_OPT("pool", selection->filter.pool),
              LOG_STR_OPT("of", selection->filter.owner), LOG_UINT("jobs", selection->count));
}

static void answer(const struct client_selection *selection)
{
    struct event_writer event;
    event_begin(&event, &selection->session->peer.conn, "ok");
    event_json(&event, "id", selection->id, strlen(selection->id));
    event_word(&event, "op", op_name(selection));
    event_uint(&event, "count", selection->count);
    event_end(&event);
}

/* Between two batches a worker may have given a job back to a place that the sweep has passed. So a
 * sweep of several batches is followed by another one, until one finds no job. False: it was the
 * last one. */
static bool begin_again(struct client_selection *selection)
{
    if (!selection->parted || (selection->again && !selection->found))
        return false;
    selection->again = true;
    selection->parted = false;
    selection->found = 0;
    listing_end(&selection->listing);
    listing_begin(&selection->listing, true);
    return true;
}

/* Returns the session if the selection is done. */
static struct client_session *end_batch(struct client_selection *selection)
{
    struct client_session *session = selection->session;
    struct listing_page page = {.limit = BATCH};
    bool more =
        listing_read(&selection->listing, clients_of(session)->pools, &selection->filter, &page);
    end_jobs(selection, &page);
    selection->parted |= more;
    if (more || begin_again(selection))
        return NULL;
    log_done(selection);
    answer(selection);
    drop(selection);
    return session;
}

struct client_session *client_selections_go_on(struct clients *clients)
{
    struct client_selections *selections = &clients->selections;
    struct client_selection *first = TAILQ_FIRST(&selections->list);
    struct client_session *session = first ? end_batch(first) : NULL;
    if (!TAILQ_EMPTY(&selections->list))
        timer_set_next(clients->peers.loop->timers, &selections->timer);
    return session;
}
