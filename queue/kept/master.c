/* kept_master: what the connection to the master tells: it is there, has gone, or drains; and the
 * events of jobs. */
#include "queue/kept/kept_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

enum { GRACE_MORE_MS = 1000, HURRY_MS = 100 };

/* A master that has lost the connection is ending its jobs. */
static void wait_for_ends(struct keep *keep, uint32_t kill_grace_ms)
{
    keep->master.until_us = keep->master.gone_us + ((uint64_t)kill_grace_ms + GRACE_MORE_MS) * 1000;
    timer_set(keep->parts.timers, &keep->master.ready, keep->master.until_us);
}

/* The boot of the connection before. After a start that found handed jobs, any may be. */
static bool is_same_boot(const struct keep *keep, const char *boot)
{
    if (!keep->master.boot)
        return keep->has_recovered;
    return strcmp(keep->master.boot, boot) == 0;
}

static void begin_anew(struct keep *keep)
{
    struct kept_module *module;
    keep->master.until_us = 0;
    keep->master.is_drained = false;
    TAILQ_FOREACH (module, &keep->all_modules, link)
        kept_hold_forget(module);
}

void keep_master_up(struct keep *keep, const struct kept_master_about *about)
{
    keep->master.is_up = true;
    keep->master.payload_max = about->payload_max;
    keep->master.job_max = about->job_max;
    if (is_same_boot(keep, about->boot)) {
        wait_for_ends(keep, about->kill_grace_ms);
    } else {
        begin_anew(keep);
    }
    free(keep->master.boot);
    keep->master.boot = xstrdup(about->boot);
    kept_module_touch_all(keep);
}

static void lose(struct kept *job)
{
    bool begun = job->state == KEPT_RUNNING;
    if (job->is_late) {
        kept_outcome_late_is_over(job);
        return;
    }
    kept_set_place(job, KEPT_NOWHERE);
    if (job->is_writing)
        kept_late_lost(job, begun);
    else
        kept_outcome_lost(job, begun);
}

void keep_master_gone(struct keep *keep)
{
    struct kept *job;
    if (!keep->master.is_up)
        return;
    keep->master.is_up = false;
    keep->master.gone_us = kept_now_us(keep);
    while ((job = TAILQ_FIRST(&keep->handed)))
        lose(job);
}

void keep_take_back(struct keep *keep)
{
    struct kept *job = TAILQ_FIRST(&keep->handed), *next;
    for (; job; job = next) {
        next = TAILQ_NEXT(job, of_place);
        if (job->state != KEPT_RUNNING)
            lose(job);
    }
}

void keep_master_draining(struct keep *keep)
{
    if (keep->master.is_up)
        keep->master.is_drained = true;
}

void keep_master_reads(struct keep *keep)
{
    kept_module_touch_all(keep);
}

struct kept *keep_handed(struct keep *keep, uint64_t seq)
{
    struct kept *job = kept_record_find(keep, seq);
    return job && job->place == KEPT_WITH_MASTER ? job : NULL;
}

/* Of its own limit. */
static uint64_t left_ms(const struct kept *job)
{
    struct keep *keep = job->keep;
    uint64_t expires_ms = job->stored->run.expires_ms, now_ms;
    if (!expires_ms)
        return 0;
    now_ms = kept_era_now(keep, kept_era_of(keep, job->stored->seq));
    return expires_ms > now_ms ? expires_ms - now_ms : 1;
}

/* What this master cannot begin soon, another node's may. */
uint64_t kept_wait_left_ms(const struct kept *job)
{
    uint64_t ms = left_ms(job);
    return job->is_hurried && (!ms || ms > HURRY_MS) ? HURRY_MS : ms;
}

/* No word of a master may end this process: it is told once, whatever the master says. */
void kept_on_started(struct kept *job, const char *fields)
{
    struct kept_event event = {.type = KEPT_EVENT_STARTED, .fields = fields};
    if (job->state != KEPT_HANDED || job->is_late)
        return;
    job->started_us = kept_now_us(job->keep);
    kept_set_state(job, KEPT_RUNNING);
    kept_hold_admitted(job->module);
    kept_tell(job, KEPT_WANTS_STARTED, &event);
    kept_others_tell(job, STORE_WANTS_STARTED, fields);
}

void kept_on_progress(struct kept *job, const char *fields)
{
    struct kept_event event = {.type = KEPT_EVENT_PROGRESS, .fields = fields};
    if (job->is_late)
        return;
    kept_tell(job, KEPT_WANTS_PROGRESS, &event);
    kept_others_tell(job, STORE_WANTS_PROGRESS, fields);
}

void kept_on_end(struct kept *job, const struct kept_end *end)
{
    kept_outcome_end(job, end);
}
