/*
 * kept_due: when the next delayed job is due, and when the next one has waited too long.
 *
 * Nothing is in memory for these jobs: each era has the next time of either kind, one timer stands
 * at the first of these, and the store knows the jobs (ripe.c). The timer fires once a minute at
 * least, to see a jump of the wall clock.
 */
#include "queue/kept/kept_internal.h"

enum {
    LOOK_MS = 60000,
    OTHERS_MS = 100, /* after a time that another node of a shared store has noted, perhaps */
};

void kept_due_set_timer(struct keep *keep, const struct kept_era *era, uint64_t next_ms)
{
    uint64_t now_ms = kept_era_now(keep, era), in_ms = 0, at_us;
    if (next_ms > now_ms)
        in_ms = next_ms - now_ms < LOOK_MS ? next_ms - now_ms : LOOK_MS;
    at_us = kept_now_us(keep) + in_ms * 1000;
    if (!timer_is_set(&keep->due) || at_us < keep->due.due.key)
        timer_set(keep->parts.timers, &keep->due, at_us);
}

static void note(struct keep *keep, const struct kept_era *era, struct kept_era_due *due,
                 uint64_t at_ms)
{
    if (!at_ms || (due->next_ms && due->next_ms <= at_ms))
        return;
    due->next_ms = at_ms;
    kept_due_set_timer(keep, era, at_ms);
}

/* Whoever noted the time itself is sooner: the others need not ask. */
static uint64_t later(uint64_t at_ms)
{
    return at_ms ? at_ms + OTHERS_MS : 0;
}

void kept_due_tell(struct keep *keep, uint64_t ripe_ms, uint64_t expires_ms)
{
    struct kept_era *era = &keep->eras[0];
    note(keep, era, &era->ripe, later(ripe_ms));
    note(keep, era, &era->expired, later(expires_ms));
}

void kept_due_note(struct kept *job)
{
    struct kept_era *era = kept_era_of(job->keep, job->stored->seq);
    if (job->state == KEPT_ENDED || job->state == KEPT_GONE)
        return;
    if (job->stored->run.state == STORED_DELAYED)
        note(job->keep, era, &era->ripe, job->stored->run.due_ms);
    if (job->stored->run.state == STORED_DELAYED || job->stored->run.state == STORED_WAITING)
        note(job->keep, era, &era->expired, job->stored->run.expires_ms);
}
