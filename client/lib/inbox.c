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
        return event->type == TMC_EVENT_HELLO || event->type == TM_CLIENT_EVENT_ERROR;
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
    if (role != TMC_EVENT_ONCE)
        return role == TMC_EVENT_FINAL;
    bool first = !(job->came & bit);
    job->came |= bit;
    return first;
}

/* An error without a request of ours. */
static bool is_unclaimed(const struct tmc_inbox *inbox, const tm_client_event *event)
{
    return event->type == TM_CLIENT_EVENT_ERROR && event->id == 0 && !event->fatal &&
           inbox->unclaimed < UNCLAIMED_MAX;
}

static void enqueue(struct tmc_inbox *inbox, struct tmc_event *event, struct tmc_job *job)
{
    if (job)
        event->shown.user = job->user;
    else
        inbox->unclaimed++;
    if (job && tm_client_event_is_final(&event->shown))
        tmc_jobs_remove(&inbox->jobs, job);
    STAILQ_INSERT_TAIL(&inbox->events, event, entry);
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
    if (job ? is_due(job, shown) : is_unclaimed(inbox, shown))
        enqueue(inbox, event, job);
    else
        tmc_event_free(event);
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
    inbox->unclaimed -= event->shown.id == 0;
    STAILQ_REMOVE(&inbox->events, event, tmc_event, entry);
}

bool tmc_inbox_has_job(const struct tmc_inbox *inbox, uint64_t id)
{
    return id == 0 ? inbox->jobs.count > 0 : tmc_jobs_find(&inbox->jobs, id) != NULL;
}
