/* dispatcher_helpers: the parts for a pass, and small helpers of all files of the dispatcher
 * (dispatcher_internal.h). */
#ifndef TASKMASTER_JOBS_DISPATCHER_HELPERS_H
#define TASKMASTER_JOBS_DISPATCHER_HELPERS_H

#include "common/log.h"
#include "jobs/dispatcher.h"

enum {
    DISPATCH_BATCH = 1000, /* jobs to handle in one turn when very many end at once */
};

/* The parts for a pass to look at. */
enum {
    DISPATCH_LINE = 1u << 0,    /* jobs or idle workers have come */
    DISPATCH_ASIDE = 1u << 1,   /* fresh workers, or jobs for them, have come */
    DISPATCH_POOL = 1u << 2,    /* a worker may be wanted, or a place has become free */
    DISPATCH_BREAKER = 1u << 3, /* the breaker of a module has opened */
    DISPATCH_WAITING = 1u << 4, /* jobs have left the line: nobody may wait in vain any more */
};

/* The next pass looks at the pool. */
static inline void dispatch_list(struct dispatcher *d)
{
    if (d->pass.listed)
        return;
    d->pass.listed = true;
    SLIST_INSERT_HEAD(&d->shared->pending, d, pass.link);
}

static inline void dispatch_touch(struct dispatcher *d, unsigned parts)
{
    d->pass.touched |= parts;
    dispatch_list(d);
}

static inline uint64_t dispatch_now(const struct dispatcher *d)
{
    return d->timers->now_us;
}

/* `first`, doubled so many times, but at most `most`: the pause before another try. */
static inline uint64_t dispatch_doubled(uint64_t first, uint32_t times, uint64_t most)
{
    uint64_t value = times < 32 ? first << times : most;
    return value < most ? value : most;
}

/* Consecutive numbers spread evenly over the buckets by themselves, and no client chooses them. */
static inline uint64_t dispatch_seq_hash(uint64_t seq)
{
    return seq;
}

/* The unfinished job of that number; NULL if there is none. */
static inline struct job *dispatch_find(const struct dispatch_shared *shared, uint64_t seq)
{
    struct hash_node *node = hash_first(&shared->jobs, dispatch_seq_hash(seq));
    return node ? (struct job *)((char *)node - offsetof(struct job, links.by_seq)) : NULL;
}

/* The least of two limits; 0 is none. */
static inline uint32_t dispatch_least_limit(uint32_t a, uint32_t b)
{
    if (!a || !b)
        return a ? a : b;
    return a < b ? a : b;
}

static inline size_t dispatch_starting(const struct dispatcher *d)
{
    return d->pool.counts[WORKER_STARTING];
}

/* The server drains, and its waiting jobs fail. */
static inline bool dispatch_shared_fails_waiting(const struct dispatch_shared *shared)
{
    return shared->draining && !shared->runs_waiting;
}

/* Likewise the waiting jobs of the pool: a paused one does not run them. */
static inline bool dispatch_fails_waiting(const struct dispatcher *d)
{
    return d->shared->draining && (!d->shared->runs_waiting || d->paused);
}

/* Places of the pool that are taken. */
static inline size_t dispatch_places(const struct dispatcher *d)
{
    return pool_places(&d->pool, d->limits.pool_max);
}

/* The length of a text cut by snprintf(), which has returned `printed`. */
static inline size_t dispatch_text_len(int printed, size_t size)
{
    if (printed < 0)
        return 0;
    return (size_t)printed < size ? (size_t)printed : size - 1;
}

/* Bytes. */
static inline size_t dispatch_payload_size(const struct job *job)
{
    return job->asked.payload ? job->asked.payload->size : 0;
}

/* Tells the job's source, unless the source is gone. */
static inline void dispatch_tell(struct job *job, const struct job_event *event)
{
    if (job->source && !job->source->gone)
        job->source->event(job->source, job, event);
}

/* The job has come to a new state. */
static inline void dispatch_tell_state(struct dispatcher *d, const struct job *job)
{
    if (news_is_wanted(&d->shared->news, NEWS_JOBS))
        news_tell_job(&d->shared->news, job);
}

/* Takes the job away from its worker. False if the worker has begun the job. */
static inline bool dispatch_settle(struct dispatcher *d, struct job *job)
{
    return d->ops->reclaim(d->ctx, job->run.worker, job);
}

/* The worker gets no further job, and is to end as soon as it has none. */
static inline bool dispatch_is_leaving(const struct worker *worker)
{
    return worker->leaving;
}

/* Why a worker without a job ends. With no other reason it has lost its connection. */
static inline enum worker_end dispatch_end_of_free(const struct dispatcher *d,
                                                   const struct worker *worker)
{
    if (d->shared->draining)
        return END_DRAIN;
    return worker->end ? worker->end : END_EXIT;
}

/* The worker is about to leave the job (stream.c). */
void dispatch_stream_end(struct job *job);

/* The worker is no longer on the job. */
static inline void dispatch_unassign(struct dispatcher *d, struct job *job)
{
    struct worker *worker = job->run.worker;
    bug_on(worker->job != job);
    if (!module_breaker_is_closed(&job->asked.module->breaker))
        module_breaker_returned(&job->asked.module->breaker, job->seq);
    if (job->asked.notify_part)
        dispatch_stream_end(job);
    worker->job = NULL;
    worker->awaits_signal = false;
    job->run.worker = NULL;
    d->running--;
    d->shared->counts.running--;
}

/* The next pass may hand the worker its next jobs early. The worker may be removed before. */
static inline void dispatch_touch_worker(struct dispatcher *d, struct worker *worker)
{
    d->pass.answered = worker;
    dispatch_list(d);
}

static inline void dispatch_forget_worker(struct dispatcher *d, const struct worker *worker)
{
    if (d->pass.answered == worker)
        d->pass.answered = NULL;
}

/* Around each operation with calls back into the dispatcher: the pass comes afterwards. */
static inline void dispatch_enter(struct dispatcher *d)
{
    d->shared->amid++;
}

static inline void dispatch_leave(struct dispatcher *d)
{
    d->shared->amid--;
}

/* Another pass serves the line and starts workers: in the next turn, or at `at_us`. */
static inline void dispatch_touch_next_turn(struct dispatcher *d)
{
    timer_set_next(d->timers, &d->pass.more);
}

static inline void dispatch_touch_at(struct dispatcher *d, uint64_t at_us)
{
    if (!timer_is_set(&d->pass.more))
        timer_set(d->timers, &d->pass.more, at_us);
}

/* Microseconds; 0: workers may take any time to begin a job. */
static inline uint64_t dispatch_begin_timeout_us(const struct dispatcher *d)
{
    const struct job_settings *limits = &d->shared->limits;
    return limits->allow_debug ? 0 : limits->begin_timeout_ms * 1000ull;
}

/* A worker may not begin its job (begin.c). Mostly another job has set the timer. */
static inline void dispatch_begin_watch(struct dispatcher *d)
{
    if (!timer_is_set(&d->begin.watch) && dispatch_begin_timeout_us(d))
        timer_set(d->timers, &d->begin.watch, dispatch_now(d) + dispatch_begin_timeout_us(d));
}

#endif
