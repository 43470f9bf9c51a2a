/* inbox: see inbox.h. */
#include "inbox.h"

#include "event_kind.h"

#include <string.h>

enum { UNCLAIMED_MAX = 64 }; /* errors without a job kept for the caller */

void tmc_inbox_init(struct tmc_inbox *inbox)
{
    memset(inbox, 0, sizeof *inbox);
    STAILQ_INIT(&inbox->events);
}

void tmc_inbox_free(struct tmc_inbox *inbox)
{
    tmc_inbox_forget_refusals(inbox);
    struct tmc_event *event;
    while ((event = STAILQ_FIRST(&inbox->events))) {
        STAILQ_REMOVE_HEAD(&inbox->events, entry);
        tmc_event_free(event);
    }
    tmc_event_free(inbox->answer);
    tmc_jobs_free(&inbox->jobs);
}

void tmc_inbox_await(struct tmc_inbox *inbox, enum tmc_awaits awaits, uint64_t id)
{
    inbox->awaits = awaits;
    inbox->awaited_id = id;
}

struct tmc_event *tmc_inbox_take_answer(struct tmc_inbox *inbox)
{
    struct tmc_event *answer = inbox->answer;
    inbox->answer = NULL;
    inbox->awaits = TMC_AWAITS_NOTHING;
    return answer;
}

static bool is_awaited(const struct tmc_inbox *inbox, const tm_client_event *event)
{
    if (inbox->answer)
        return false;
    switch (inbox->awaits) {
    case TMC_AWAITS_NOTHING:
        return false;
    case TMC_AWAITS_HELLO:
        return event->type == TM_CLIENT_EVENT_HELLO || event->type == TM_CLIENT_EVENT_ERROR;
    case TMC_AWAITS_ID:
        return event->id == inbox->awaited_id;
    }
    return false;
}

/* Returns true if the job may have this event now. */
static bool is_due(struct tmc_job *job, const tm_client_event *event)
{
    enum tmc_event_role role = tmc_event_kind_of(event->type)->role;
    unsigned bit = 1u << event->type;
    if (job->is_request)
        return true;
    if (role != TMC_EVENT_ONCE)
        return role == TMC_EVENT_FINAL || (role == TMC_EVENT_OFTEN && job->wanted & bit);
    bool first = !(job->came & bit);
    job->came |= bit;
    return first || job->wanted & bit;
}

/* An error without a request of ours. */
static bool is_unclaimed(const struct tmc_inbox *inbox, const tm_client_event *event)
{
    return event->type == TM_CLIENT_EVENT_ERROR && event->id == 0 && !event->fatal &&
           inbox->unclaimed < UNCLAIMED_MAX;
}

/* News, or the end of a job for a service of ours. */
static bool is_news(const struct tmc_inbox *inbox, const tm_client_event *event)
{
    enum tmc_event_role role = tmc_event_kind_of(event->type)->role;
    return inbox->listens && event->id == 0 &&
           (role == TMC_EVENT_NEWS || (role == TMC_EVENT_FINAL && event->service));
}

static void enqueue(struct tmc_inbox *inbox, struct tmc_event *event)
{
    STAILQ_INSERT_TAIL(&inbox->events, event, entry);
}

static void enqueue_of_job(struct tmc_inbox *inbox, struct tmc_event *event, struct tmc_job *job)
{
    event->shown.user = job->user;
    event->shown.last = job->is_request || job->last >> event->shown.type & 1 ||
                        tm_client_event_is_final(&event->shown);
    if (event->shown.last)
        tmc_jobs_remove(&inbox->jobs, job);
    enqueue(inbox, event);
}

/* The server drains: the job never began, and another server may have it. */
static bool is_refusal(const struct tmc_inbox *inbox, const struct tmc_job *job,
                       const tm_client_event *event)
{
    return inbox->holds && job->kept && event->type == TM_CLIENT_EVENT_FAILED && event->order < 0 &&
           event->reason && strcmp(event->reason, "shutdown") == 0;
}

/* A job that has begun is not sent again. */
static void note_begun(struct tmc_inbox *inbox, struct tmc_job *job, const tm_client_event *event)
{
    if (event->type != TM_CLIENT_EVENT_ACCEPTED)
        tmc_jobs_drop_kept(&inbox->jobs, job);
}

static void take_of_job(struct tmc_inbox *inbox, struct tmc_event *event, struct tmc_job *job)
{
    if (is_refusal(inbox, job, &event->shown)) {
        job->refusal = event;
        inbox->refused++;
        return;
    }
    note_begun(inbox, job, &event->shown);
    enqueue_of_job(inbox, event, job);
}

static void release(struct tmc_inbox *inbox, struct tmc_job *job)
{
    struct tmc_event *refusal = job->refusal;
    job->refusal = NULL;
    inbox->refused--;
    enqueue_of_job(inbox, refusal, job);
}

static struct tmc_job *first_refused(const struct tmc_inbox *inbox)
{
    struct tmc_job *job = tmc_jobs_first(&inbox->jobs);
    while (inbox->refused && !job->refusal)
        job++;
    return inbox->refused ? job : NULL;
}

void tmc_inbox_release(struct tmc_inbox *inbox)
{
    struct tmc_job *job;
    while ((job = first_refused(inbox)))
        release(inbox, job);
}

void tmc_inbox_forget_refusals(struct tmc_inbox *inbox)
{
    struct tmc_job *job;
    while ((job = first_refused(inbox))) {
        tmc_event_free(job->refusal);
        job->refusal = NULL;
        inbox->refused--;
    }
}

void tmc_inbox_put_hello(struct tmc_inbox *inbox, struct tmc_event *hello)
{
    enqueue(inbox, hello);
}

void tmc_inbox_put(struct tmc_inbox *inbox, struct tmc_event *event)
{
    const tm_client_event *shown = &event->shown;
    if (shown->fatal)
        tmc_failure_quote(&inbox->last_words, TM_CLIENT_CLOSED, "the server ended the connection",
                          shown);
    if (is_awaited(inbox, shown)) {
        inbox->answer = event;
        return;
    }
    struct tmc_job *job = tmc_jobs_find(&inbox->jobs, shown->id);
    if (job && is_due(job, shown)) {
        take_of_job(inbox, event, job);
    } else if (!job && (is_news(inbox, shown) || is_unclaimed(inbox, shown))) {
        event->unclaimed = shown->type == TM_CLIENT_EVENT_ERROR;
        inbox->unclaimed += event->unclaimed;
        enqueue(inbox, event);
    } else {
        tmc_event_free(event);
    }
}

struct tmc_event *tmc_inbox_find(const struct tmc_inbox *inbox, uint64_t id)
{
    struct tmc_event *event;
    STAILQ_FOREACH (event, &inbox->events, entry)
        if (id == 0 || event->shown.id == id)
            break;
    return event;
}

void tmc_inbox_take(struct tmc_inbox *inbox, struct tmc_event *event)
{
    inbox->unclaimed -= event->unclaimed;
    STAILQ_REMOVE(&inbox->events, event, tmc_event, entry);
}

bool tmc_inbox_expects(const struct tmc_inbox *inbox, uint64_t id)
{
    if (id == 0)
        return inbox->jobs.count > 0 || inbox->listens;
    return tmc_jobs_find(&inbox->jobs, id) != NULL;
}
