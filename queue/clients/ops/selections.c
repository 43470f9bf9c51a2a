/* queue_selections: see selections.h. */
#include "queue/clients/ops/selections.h"

#include "queue/clients/ops/ops.h"
#include "queue/clients/owner.h"

#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    PAGE = 500,           /* jobs asked about at a time */
    SELECTIONS_MAX = 100, /* of one session, in progress */
};

struct selected {
    struct kept_ask ask;
    struct selection *selection;
};

struct selection {
    struct queue_asked asked;
    struct queue_list list;
    enum kept_ask_kind kind;
    uint32_t state;    /* a word, from 1; 0: any */
    uint64_t last_seq; /* of the jobs submitted before */
    uint64_t count;    /* jobs, so far */
    size_t pending;    /* asks about jobs of this page */
    bool is_cut;       /* the store could not be reached */
    char by[QUEUE_OP_BY_MAX];
    struct selected page[PAGE];
};

static const char by_submitter[] = ",\"by\":\"submitter\"";

static void log_done(const struct selection *selection)
{
    const struct store_filter *filter = &selection->list.op.filter;
    struct queue_session *session = selection->asked.session;
    log_event(LOG_INFO, "jobs-selected", LOG_STR("op", selection->asked.operation->name),
              LOG_STR("client", session->peer.name),
              LOG_STR_OPT("owner", peer_grant(&session->peer)->name),
              LOG_STR_OPT("module", filter->module), LOG_STR_OPT("reason", filter->reason),
              LOG_STR_OPT("of", filter->owner), LOG_UINT("jobs", selection->count));
}

/* The count is true in either case. */
static void tell(const struct selection *selection)
{
    struct event_writer event;
    if (selection->is_cut)
        queue_asked_begin_error(&event, &selection->asked, "storage", QUEUE_STORAGE_AWAY);
    else
        queue_asked_begin_ok(&event, &selection->asked);
    event_uint(&event, "count", selection->count);
    event_end(&event);
}

static void finish(struct selection *selection)
{
    if (queue_asked_is_heard(&selection->asked)) {
        log_done(selection);
        tell(selection);
    }
    queue_list_free(&selection->list);
    queue_asked_end(&selection->asked);
}

/* --- the jobs of a page --- */

static void page_done(struct selection *selection)
{
    const struct store_op *op = &selection->list.op;
    bool is_over = selection->is_cut || op->is_whole || op->behind_seq >= selection->last_seq;
    if (is_over || !queue_asked_is_heard(&selection->asked))
        finish(selection);
    else
        queue_list_read(&selection->list);
}

static void one_less(struct selection *selection)
{
    if (!--selection->pending)
        page_done(selection);
}

static void on_answered(struct kept_ask *ask, enum kept_answer answer, struct kept *job)
{
    struct selection *selection =
        ((struct selected *)((char *)ask - offsetof(struct selected, ask)))->selection;
    (void)job;
    selection->count += answer == KEPT_ANSWER_OK;
    selection->is_cut |= answer == KEPT_ANSWER_STORAGE;
    one_less(selection);
}

/* The store may be behind, and has fewer states. */
static bool has_state(const struct selection *selection, const struct kept *job)
{
    return !selection->state || selection->state == queue_state_of(job->state, job->stored) + 1u;
}

/* The right control is the request's. A job in another state is left out. */
static bool permits(struct kept_ask *ask, const struct kept *job)
{
    const struct selection *selection =
        ((struct selected *)((char *)ask - offsetof(struct selected, ask)))->selection;
    struct queue_session *session = selection->asked.session;
    ask->by = session && queue_owner_is(session, job) ? by_submitter : selection->by;
    return has_state(selection, job);
}

static void ask_about(struct selection *selection, struct selected *selected, uint64_t seq)
{
    selected->selection = selection;
    selected->ask = (struct kept_ask){
        .kind = selection->kind,
        .seq = seq,
        .permits = permits,
        .answered = on_answered,
    };
    selection->pending++;
    keep_ask(selection->list.clients->keep, &selected->ask);
}

static bool is_meant(const struct selection *selection, const struct stored_job *stored)
{
    return stored->seq <= selection->last_seq && !stored->outcome.is_done;
}

/* An answer may come in the call, so the page itself is one of the pending. */
static void on_read(struct queue_list *list)
{
    struct selection *selection =
        (struct selection *)((char *)list - offsetof(struct selection, list));
    const struct store_row *row;
    size_t n = 0;
    selection->pending = 1;
    selection->is_cut = list->op.status != STORE_OK;
    STAILQ_FOREACH (row, &list->op.rows, link)
        if (is_meant(selection, row->job))
            ask_about(selection, &selection->page[n++], row->job->seq);
    queue_list_free_rows(list);
    one_less(selection);
}

/* --- the request --- */

static struct selection *make(struct queue_session *session, const struct request *request,
                              enum kept_ask_kind kind)
{
    struct selection *selection = queue_asked_new(sizeof *selection, session, request, false, NULL);
    selection->kind = kind;
    selection->state = queue_request_of(request)->state;
    selection->last_seq = keep_last_seq(queue_session_keep(session));
    queue_owner_write_by(session, NULL, selection->by, sizeof selection->by);
    queue_list_init(&selection->list, queue_session_clients(session), queue_request_of(request),
                    on_read);
    selection->list.op.max = PAGE;
    return selection;
}

enum verdict queue_selection_begin(struct dialogue *dialogue, struct request *request,
                                   enum kept_ask_kind kind, unsigned states)
{
    struct queue_session *session = queue_session_of_dialogue(dialogue);
    if (queue_asked_count(session) >= SELECTIONS_MAX)
        return request_refuse(request, "too-many",
                              "%d requests of this connection are in progress already",
                              SELECTIONS_MAX);
    struct selection *selection = make(session, request, kind);
    struct store_filter *filter = &selection->list.op.filter;
    filter->states = filter->states ? filter->states & states : states;
    queue_list_read(&selection->list);
    return VERDICT_FINE;
}
