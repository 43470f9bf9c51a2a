/*
 * dispatch_hold: no further results are made for a source with much unread output.
 *
 * Workers outrun any reader. So a source with much unread output is held: none of its jobs is
 * handed to a worker. Two figures count. `unread` comes from the source itself. `coming` is the
 * results of its jobs with workers: an arriving result counts with its announced size, a later one
 * with the size of recent results of its module. A source is held
 *
 *     if unread and the results on their way from workers exceed source_unread_max;
 *     if unread + coming exceeds source_output_max: its running jobs will yield too much;
 *     if unread + coming exceeds the rest of the budget for output, and FREELY. So the more
 *         the other sources leave unread, the less this one may, and some of the budget is left for
 *         sources without unread output (dynamic thresholds: Choudhury and Hahne, 1998).
 *
 * A source without unread output and without jobs at workers is never held. A held source is looked
 * at again whenever its output is read and whenever such a job ends, so a reading client goes on.
 * A source thus costs source_unread_max and the results of the jobs already with workers. These
 * results have no tighter bound, for their size is unknown before they come: if the largest results
 * were assumed, a pool of 256 would run four jobs of a client with results of a few bytes.
 */
#include "jobs/dispatcher_internal.h"

enum {
    FREELY = 64 * 1024,    /* bytes any source may leave unread */
    WORTH_COUNTING = 1024, /* smaller results are not expected: counting them costs more */
    RESULT_DECAY = 8, /* one in so many parts of the difference goes with each smaller result */
};

/* Bytes one source may leave unread, coming ones included. */
static uint64_t room(const struct dispatch_shared *shared)
{
    uint64_t most = shared->limits.source_output_max, left = UINT64_MAX;
    if (shared->hold.output) {
        uint64_t used = shared->hold.output->held + shared->hold.coming;
        left = used < shared->hold.output->max ? shared->hold.output->max - used : 0;
        left = left > FREELY ? left : FREELY;
    }
    return most && most < left ? most : left;
}

/* A held source is released when half is read, not at each byte. */
static bool has_enough(const struct dispatch_shared *shared, const struct job_source *source)
{
    uint64_t most = shared->limits.source_unread_max;
    if (source->held)
        most = most / 2;
    return (shared->limits.source_unread_max && source->unread + source->arriving > most) ||
           source->unread + source->coming > room(shared);
}

static uint64_t least(uint64_t a, uint64_t limit)
{
    return limit && limit < a ? limit : a;
}

void dispatch_hold_configure(struct dispatch_shared *shared)
{
    shared->hold.free =
        least(least(FREELY, shared->limits.source_unread_max), shared->limits.source_output_max);
}

static void hold(struct dispatch_shared *shared, struct job_source *source)
{
    job_queue_hold(source);
    LIST_INSERT_HEAD(&shared->hold.sources, source, link);
}

static void release(struct job_source *source)
{
    job_queue_release(source);
    LIST_REMOVE(source, link);
}

/* The jobs of a released source are served in the next turn: this may be amid anything. */
static void serve_soon(struct job_source *source)
{
    struct job_stand *stand;
    for (size_t n = 0; (stand = job_queue_stand(source, n)); n++)
        if (stand->queued)
            dispatch_touch_next_turn(dispatch_line_owner(stand->queue));
}

static void look_at(struct dispatch_shared *shared, struct job_source *source)
{
    bool wanted =
        !source->gone && !dispatch_shared_fails_waiting(shared) && has_enough(shared, source);
    if (wanted == source->held)
        return;
    if (wanted) {
        hold(shared, source);
        return;
    }
    release(source);
    if (source->queued)
        serve_soon(source);
}

void dispatch_hold_forget(struct job_source *source)
{
    if (source->held)
        release(source);
}

/* Mostly little is unread, and the comparison is all. */
void dispatcher_source_unread(struct dispatch_shared *shared, struct job_source *source,
                              uint64_t bytes)
{
    source->unread = bytes;
    if (source->held || bytes + source->coming > shared->hold.free)
        look_at(shared, source);
}

static void set_coming(struct dispatch_shared *shared, struct job *job, uint32_t bytes)
{
    shared->hold.coming += (uint64_t)bytes - job->run.coming;
    if (job->source) {
        job->source->coming += (uint64_t)bytes - job->run.coming;
        look_at(shared, job->source);
    }
    job->run.coming = bytes;
}

void dispatch_hold_expect(struct dispatcher *d, struct job *job)
{
    if (job->asked.module->history.result_bytes >= WORTH_COUNTING)
        set_coming(d->shared, job, job->asked.module->history.result_bytes);
}

static void set_arriving(struct job *job, uint32_t bytes)
{
    if (job->source)
        job->source->arriving += (uint64_t)bytes - job->run.arriving;
    job->run.arriving = bytes;
}

void dispatch_hold_arrived(struct job *job)
{
    set_arriving(job, 0);
}

void dispatch_hold_expect_none(struct dispatcher *d, struct job *job)
{
    if (!(job->run.arriving | job->run.coming))
        return;
    if (job->run.arriving)
        dispatch_hold_arrived(job);
    if (job->run.coming)
        set_coming(d->shared, job, 0);
}

/* What arrives is expected, too. */
void dispatcher_worker_sends(struct worker *worker, size_t bytes)
{
    uint32_t size = bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
    struct job *job = worker->job;
    if (!job)
        return;
    set_arriving(job, size);
    set_coming(dispatcher_of(worker)->shared, job, size > job->run.coming ? size : job->run.coming);
}

void dispatch_hold_learn(struct module_entry *module, size_t bytes)
{
    uint32_t size = bytes < UINT32_MAX ? (uint32_t)bytes : UINT32_MAX;
    uint32_t known = module->history.result_bytes;
    module->history.result_bytes = size >= known ? size : known - (known - size) / RESULT_DECAY;
}

void dispatch_hold_look_again(struct dispatch_shared *shared)
{
    struct job_source *source, *next;
    for (source = LIST_FIRST(&shared->hold.sources); source; source = next) {
        next = LIST_NEXT(source, link);
        look_at(shared, source);
    }
}
