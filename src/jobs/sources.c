/*
 * sources: the public calls about all jobs of a source, in whatever pools they are.
 */
#include "jobs/dispatcher_internal.h"

static bool ends_with(const struct job *job, const struct job_source *source)
{
    return job->asked.link == JOB_LINKED ||
           (job->asked.link == JOB_LINKED_ON_FAILURE && !source->leave);
}

/* The job's connection has ended. */
static void cancel_linked(struct job *job)
{
    job_set_by(job, BY_LINK, NULL);
    dispatch_cancel(job, false);
}

bool dispatcher_source_ended(struct dispatch_shared *shared, struct job_source *source)
{
    struct job *job;
    if (!source->ended)
        source->untie = LIST_FIRST(&source->jobs);
    source->ended = true;
    for (size_t n = 0; n < DISPATCH_BATCH && (job = source->untie); n++) {
        source->untie = LIST_NEXT(job, links.of_source);
        bool fails = dispatch_fails_waiting(job->run.pool) && job->state == JOB_WAITING &&
                     !job_is_prefetched(job);
        if (ends_with(job, source) && !fails) /* in a drain they fail with the reason shutdown */
            cancel_linked(job);
    }
    dispatch_schedule(shared);
    return !source->untie;
}

bool dispatcher_source_gone(struct dispatch_shared *shared, struct job_source *source)
{
    struct job *job;
    source->gone = true;
    dispatch_hold_forget(source);
    dispatch_stream_each_waiting(source, dispatch_stream_cut);
    for (size_t n = 0; n < DISPATCH_BATCH && (job = LIST_FIRST(&source->jobs)); n++) {
        struct dispatcher *d = job->run.pool;
        dispatch_touch(d, DISPATCH_WAITING);
        if (job->state == JOB_WAITING && dispatch_line_take(d, job)) {
            dispatch_end_dropped(d, job);
            continue;
        }
        if (job->run.worker)
            dispatch_stream_cut(job);
        job_set_source(job, NULL);
        if (ends_with(job, source))
            cancel_linked(job);
    }
    dispatch_schedule(shared);
    if (!LIST_EMPTY(&source->jobs))
        return false;
    job_queue_forget(source);
    dispatch_stream_forget(source);
    return true;
}

static void cancel_for_reader(struct job *job)
{
    job_set_by(job, BY_READER, NULL);
    dispatch_cancel(job, false);
}

void dispatcher_source_stalled(struct dispatch_shared *shared, struct job_source *source)
{
    dispatch_stream_each_waiting(source, cancel_for_reader);
    dispatch_schedule(shared);
}
