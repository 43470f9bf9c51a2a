/*
 * dispatch_hold: a source that does not take its results gets no more of them made.
 *
 * Workers outrun any reader. So while much waits for a source, the source is held: no further job
 * of its own is handed to a worker. Two figures tell what waits. `unread` is told by the source
 * itself. `coming` is the results of its jobs that are with workers: a result that is arriving
 * counts with its announced size, one that is not there yet with the size of late results of the
 * same module. It is much
 *
 *     if unread is over source_unread_max;
 *     if unread and coming are over source_output_max: the jobs that run will yield too much;
 *     if unread and coming are over what the budget for output has left, and over FREELY. So the
 *         more others leave unread, the less a source may leave unread, and some of the budget is
 *         left for those that leave nothing (dynamic thresholds: Choudhury and Hahne, 1998).
 *
 * A source for which nothing waits, and no job of which is with a worker, is never held. A held one
 * is looked at whenever its bytes are taken and whenever such a job ends, so a client that reads
 * goes on. A source thus makes us hold source_unread_max, and the results of jobs that were with
 * workers already. The latter have no tighter bound, for nobody knows their size before they come:
 * with the largest results assumed, a pool of 256 would run four jobs of a client that wants a few
 * bytes from each.
 */
#include "jobs/dispatcher_internal.h"

enum {
    FREELY = 64 * 1024,    /* bytes that may wait for any source */
    WORTH_COUNTING = 1024, /* results below that are not expected: counting them costs more */
    RESULT_DECAY = 8, /* each smaller result takes this part of the difference off the largest */
};

/* Bytes that may wait for one source, coming ones included. */
static uint64_t room(const struct dispatcher *d)
{
    uint64_t most = d->limits.source_output_max, left = UINT64_MAX;
    if (d->hold.output) {
        uint64_t used = d->hold.output->held + d->hold.coming;
        left = used < d->hold.output->max ? d->hold.output->max - used : 0;
        left = left > FREELY ? left : FREELY;
    }
    return most && most < left ? most : left;
}

/* One that is held is released when half is taken, not at each byte. */
static bool has_enough(const struct dispatcher *d, const struct job_source *source)
{
    uint64_t most = d->limits.source_unread_max;
    if (source->held)
        most = most / 2;
    return (d->limits.source_unread_max && source->unread > most) ||
           source->unread + source->coming > room(d);
}

static uint64_t least(uint64_t a, uint64_t limit)
{
    return limit && limit < a ? limit : a;
}

void dispatch_hold_configure(struct dispatcher *d)
{
    d->hold.free = least(least(FREELY, d->limits.source_unread_max), d->limits.source_output_max);
}

/* What a release sets free is served in the next turn, for we may be amid anything. */
static void look_at(struct dispatcher *d, struct job_source *source)
{
    bool hold = !source->gone && !d->draining && has_enough(d, source);
    if (hold == source->held)
        return;
    if (hold) {
        job_queue_hold(&d->line.queue, source);
        return;
    }
    job_queue_release(&d->line.queue, source);
    if (source->queued)
        dispatch_touch_next_turn(d);
}

/* Mostly little waits, and nothing need be worked out. */
void dispatcher_source_unread(struct dispatcher *d, struct job_source *source, uint64_t bytes)
{
    source->unread = bytes;
    if (source->held || bytes + source->coming > d->hold.free)
        look_at(d, source);
}

static void set_coming(struct dispatcher *d, struct job *job, uint32_t bytes)
{
    d->hold.coming += (uint64_t)bytes - job->run.coming;
    if (job->source) {
        job->source->coming += (uint64_t)bytes - job->run.coming;
        look_at(d, job->source);
    }
    job->run.coming = bytes;
}

void dispatch_hold_expect(struct dispatcher *d, struct job *job)
{
    if (job->asked.module->history.result_bytes >= WORTH_COUNTING)
        set_coming(d, job, job->asked.module->history.result_bytes);
}

void dispatch_hold_expect_none(struct dispatcher *d, struct job *job)
{
    if (job->run.coming)
        set_coming(d, job, 0);
}

void dispatcher_worker_sends(struct dispatcher *d, struct worker *worker, size_t bytes)
{
    uint32_t size = bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
    if (worker->job && size > worker->job->run.coming)
        set_coming(d, worker->job, size);
}

void dispatch_hold_learn(struct module_entry *module, size_t bytes)
{
    uint32_t size = bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
    uint32_t known = module->history.result_bytes;
    module->history.result_bytes = size >= known ? size : known - (known - size) / RESULT_DECAY;
}

void dispatch_hold_look_again(struct dispatcher *d)
{
    struct job_queue_hold *hold, *next;
    for (hold = LIST_FIRST(&d->line.queue.holds); hold; hold = next) {
        next = LIST_NEXT(hold, link);
        look_at(d, hold->source);
    }
}
