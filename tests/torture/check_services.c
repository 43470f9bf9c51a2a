/* check_services: the end of a job for a service goes to the owner of the name, once; and no
 * detached job is forgotten. */
#include "checker.h"

#include "die.h"

#include <stdlib.h>

enum {
    DELIVERY_US = 3000000, /* from the module's end to the owner's event */
    BEGIN_US = 15000000,   /* from `accepted` to the job's beginning */
};

/* A connection has a name, from the request to the answer of the next one about it. */
struct ownership {
    uint64_t asked_us, given_us, left_us; /* given_us 0: not yet */
    uint64_t freed_us;                    /* the ok to its unregister */
    uint32_t conn;
    uint8_t service;
};

struct ownerships {
    struct ownership *all;
    size_t count;
};

/* --- gathering --- */

static struct ownership *last_of(const struct ownerships *owns, const struct event *event)
{
    for (size_t i = owns->count; i-- > 0;)
        if (owns->all[i].conn == event->conn && owns->all[i].service == event->a)
            return &owns->all[i];
    return NULL;
}

static void note(struct ownerships *owns, const struct event *event)
{
    struct ownership *last = last_of(owns, event);
    if (event->code == OWNS_ASKED)
        owns->all[owns->count++] = (struct ownership){.asked_us = event->t_us,
                                                      .left_us = UINT64_MAX,
                                                      .freed_us = UINT64_MAX,
                                                      .conn = event->conn,
                                                      .service = (uint8_t)event->a};
    else if (last && event->code == OWNS_GIVEN)
        last->given_us = event->t_us;
    else if (last && event->code == OWNS_FREED)
        last->freed_us = event->t_us;
    else if (last)
        last->left_us = event->t_us;
}

static void gather(struct ownerships *owns, const struct history *history)
{
    owns->all = need((history->event_count + 1) * sizeof *owns->all);
    for (size_t i = 0; i < history->event_count; i++)
        if (history->events[i].type == EV_OWNS)
            note(owns, &history->events[i]);
}

/* --- judging --- */

/* A connection had the name all this time, by its own knowledge. */
static bool has_owner(const struct ownerships *owns, uint8_t service, uint64_t from_us,
                      uint64_t to_us)
{
    for (size_t i = 0; i < owns->count; i++) {
        const struct ownership *own = &owns->all[i];
        if (own->service == service && own->given_us && own->given_us <= from_us &&
            own->left_us >= to_us)
            return true;
    }
    return false;
}

/* It may have had the name at that time. */
static bool may_own(const struct ownerships *owns, uint32_t conn, uint8_t service, uint64_t t_us)
{
    for (size_t i = 0; i < owns->count; i++)
        if (owns->all[i].conn == conn && owns->all[i].service == service &&
            owns->all[i].asked_us <= t_us && owns->all[i].freed_us >= t_us)
            return true;
    return false;
}

static void judge_delivery(const struct check *check, const struct ownerships *owns,
                           const struct event *event)
{
    const struct job_record *record = &check->history->jobs[event->uid];
    uint8_t service = (uint8_t)(record->spec.service - 1);
    const struct side_job *side = &check->side->jobs[event->uid];
    if (!may_own(owns, event->conn, service, event->t_us))
        check_tell_job(check, FINDING_UNEXPECTED, event->uid, "delivered to no owner of its name");
    else if (!(event->seen & SEEN_CONTEXT))
        check_tell_job(check, FINDING_CORRUPT, event->uid, "delivered with another context");
    else if (event->code == DOWN_DONE &&
             (side->finishes != 1 || event->c != record->hash || !(event->seen & SEEN_INTACT) ||
              (size_t)event->pid != job_spec_result_size(&record->spec)))
        check_tell_job(check, FINDING_CORRUPT, event->uid, "delivered with a wrong result");
}

static bool is_accepted(const struct check *check, uint32_t uid)
{
    const struct event *end = check->jobs[uid].end;
    return end && end->type == EV_ACCEPTED;
}

static bool epoch_lives(const struct check *check, uint32_t uid, uint64_t until_us)
{
    const struct known_epoch *epoch = &check->epochs[check->history->jobs[uid].epoch];
    return (!epoch->drain_us || epoch->drain_us > until_us) &&
           (!epoch->over || epoch->end_us > until_us);
}

static void judge_service(const struct check *check, const struct ownerships *owns, uint32_t uid)
{
    const struct job_record *record = &check->history->jobs[uid];
    const struct known_job *job = &check->jobs[uid];
    uint8_t service = (uint8_t)(record->spec.service - 1);
    uint64_t finish_us = check->side->jobs[uid].finish_us, late_us = DELIVERY_US * check->scale;
    if (record->delivered > 1)
        check_tell_job(check, FINDING_DUPLICATE, uid, "delivered twice");
    else if (record->delivered && !is_accepted(check, uid) && job->end)
        check_tell_job(check, FINDING_UNEXPECTED, uid, "refused, but delivered");
    else if (!record->delivered && is_accepted(check, uid) && finish_us &&
             has_owner(owns, service, finish_us, finish_us + late_us) &&
             epoch_lives(check, uid, finish_us + late_us))
        check_tell_job(check, FINDING_LOST, uid, "its owner was there, and has no event");
    if (job->end && job->end->type == EV_ERROR && job->end->code == ERR_UNKNOWN_SERVICE &&
        has_owner(owns, service, job->submit_us, job->end_us))
        check_tell_job(check, FINDING_INVENTED, uid, "its service had an owner");
}

/* The master had no job at some time after it had taken this one. */
static bool is_over(const struct check *check, uint32_t uid)
{
    const struct history *history = check->history;
    for (size_t i = 0; i < history->sample_count; i++) {
        const struct sample *sample = &history->samples[i];
        if (sample->sent_us > check->jobs[uid].end_us && !sample->all.waiting && !sample->running)
            return epoch_lives(check, uid, sample->sent_us);
    }
    return false;
}

/* Nobody hears of a detached job. All the harness can see is whether the job began. */
static void judge_detached(const struct check *check, uint32_t uid)
{
    const struct job_spec *spec = &check->history->jobs[uid].spec;
    const struct known_job *job = &check->jobs[uid];
    uint64_t until_us = job->end_us + BEGIN_US * check->scale;
    bool steady = spec->module < MODULE_FRAIL && !check->start_trouble_count;
    for (int pool = 0; pool < PLAN_POOLS; pool++)
        steady &= !check->plan->rules[pool].max_wait_ms;
    steady &= !check_selects_met(check, uid, until_us);
    if (steady && is_accepted(check, uid) && !check->side->jobs[uid].starts &&
        (is_over(check, uid) || (epoch_lives(check, uid, until_us) && until_us < check->stuck_us)))
        check_tell_job(check, FINDING_LOST, uid, "accepted, and never begun");
}

void check_services(const struct check *check)
{
    const struct history *history = check->history;
    struct ownerships owns = {.count = 0};
    gather(&owns, history);
    for (size_t i = 0; i < history->event_count; i++)
        if (history->events[i].type == EV_DELIVERED)
            judge_delivery(check, &owns, &history->events[i]);
    for (uint32_t uid = 0; uid < history->job_count; uid++) {
        if (history->jobs[uid].spec.service)
            judge_service(check, &owns, uid);
        else if (history->jobs[uid].spec.detach)
            judge_detached(check, uid);
    }
    free(owns.all);
}
