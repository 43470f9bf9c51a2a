/* dispatcher: see dispatcher.h. */
#include "dispatcher.h"

#include "common/limits.h"
#include "common/log.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    BACKOFF_MIN_MS = 100,
    BACKOFF_MAX_MS = 30000,
    EPISODE_QUIET_MS = 1000,        /* an episode is over after this long without it */
    RETRY_AFTER_MAX_MS = 600000,    /* advice beyond ten minutes helps nobody */
    RETRY_AFTER_NO_WORKER_MS = 500, /* while no worker lives */
    RUN_GUESS_US = 100000,          /* for a run, as long as none has ended */
    BATCH = 1000,                   /* jobs handled in one turn when very many end at once */
    LEND_RUN_MAX_US =
        1000, /* longer jobs are not worth handing over early: the way is short beside them */
    LEND_PAYLOAD_MAX = 16 * 1024, /* nor are large ones */
    LEND_QUIET_US =
        10000000, /* what a worker prints is logged with its job: one that does is lent nothing */
    RUN_MEAN_WEIGHT = 8, /* the last run counts for one in so many */
};

static void on_worker_timer(void *arg);
static void start_failed(struct dispatcher *d, const char *why);
static void on_backoff(void *arg);
static void on_unavailable(void *arg);
static void on_purge(void *arg);
static void on_exhausted_over(void *arg);
static void on_queue_full_over(void *arg);
static void dispatch(struct dispatcher *d);

static struct job *job_by_seq(struct hash_node *node)
{
    return (struct job *)((char *)node - offsetof(struct job, by_seq));
}

/* Consecutive numbers spread evenly over the buckets by themselves, and no client chooses them. */
static uint64_t seq_hash(uint64_t seq)
{
    return seq;
}

static uint64_t now(const struct dispatcher *d)
{
    return d->timers->now_us;
}

static size_t starting(const struct dispatcher *d)
{
    return d->pool.counts[WORKER_STARTING];
}

/* --- episodes --- */

/* Notices the condition; true if that is the beginning of an episode. */
static bool episode_noticed(struct dispatcher *d, struct episode *episode)
{
    episode->last_us = now(d);
    episode->count++;
    if (episode->on)
        return false;
    episode->on = true;
    episode->since_us = now(d);
    episode->count = 1;
    timer_set_ms(d->timers, &episode->over, EPISODE_QUIET_MS);
    return true;
}

/* True if the episode is over; otherwise it is looked at again later. */
static bool episode_over(struct dispatcher *d, struct episode *episode, bool still)
{
    uint64_t quiet_from = still ? now(d) : episode->last_us;
    uint64_t over_at = quiet_from + EPISODE_QUIET_MS * 1000;
    if (over_at > now(d)) {
        timer_set(d->timers, &episode->over, over_at);
        return false;
    }
    episode->on = false;
    return true;
}

static void note_exhausted(struct dispatcher *d)
{
    if (episode_noticed(d, &d->exhausted))
        log_event(
            LOG_WARN, "pool-exhausted", LOG_UINT("workers", pool_count(&d->pool)),
            LOG_UINT("pool_max", d->limits.pool_max), LOG_UINT("waiting", dispatcher_waiting(d)),
            LOG_STR("hint", "all workers are busy and jobs wait; raise pool-max if this lasts"));
}

static void on_exhausted_over(void *arg)
{
    struct dispatcher *d = arg;
    if (episode_over(d, &d->exhausted, dispatcher_waiting(d) > 0))
        log_event(LOG_INFO, "pool-exhausted-over",
                  LOG_UINT("seconds", (d->exhausted.last_us - d->exhausted.since_us) / 1000000),
                  LOG_UINT("jobs_queued", d->exhausted.count));
}

static void note_queue_full(struct dispatcher *d)
{
    if (episode_noticed(d, &d->queue_full))
        log_event(LOG_WARN, "queue-full", LOG_UINT("waiting", dispatcher_waiting(d)),
                  LOG_UINT("job_max", d->limits.job_max), LOG_UINT("running", d->counts.running),
                  LOG_STR("hint", "submits are refused; raise job-max or pool-max if this lasts"));
}

static void on_queue_full_over(void *arg)
{
    struct dispatcher *d = arg;
    if (episode_over(d, &d->queue_full, false))
        log_event(LOG_INFO, "queue-full-over",
                  LOG_UINT("seconds", (d->queue_full.last_us - d->queue_full.since_us) / 1000000),
                  LOG_UINT("refused", d->queue_full.count));
}

/* --- the end of a job --- */

static void tell(struct job *job, const struct job_event *event)
{
    if (job->source && !job->source->gone)
        job->source->event(job->source, job, event);
}

static void count_end(struct dispatcher *d, const struct job *job, const struct job_event *event)
{
    if (job_is_assigned(job)) {
        d->counts.running--;
        job->module->running--;
    }
    if (job->module && event->type == JOB_DONE)
        job->module->done++;
    if (job->module && event->type == JOB_FAILED)
        job->module->failed++;
    if (!job->source || job->source->gone)
        d->counts.orphaned++;
    else if (event->type == JOB_DONE)
        d->counts.done++;
    else if (event->type == JOB_FAILED)
        d->counts.failed[event->fail]++;
    else
        d->counts.overload[event->overload]++;
}

size_t dispatcher_waiting(const struct dispatcher *d)
{
    return job_queue_count(&d->queue) + d->lent;
}

static bool take_back(struct dispatcher *d, struct job *job)
{
    return d->ops->take_back(d->ctx, job->worker, job);
}

static void unlend(struct dispatcher *d, struct job *job)
{
    struct worker *worker = job->worker;
    TAILQ_REMOVE(&worker->lent, job, queue_link);
    worker->lent_count--;
    d->lent--;
}

/* A waiting job leaves the line, or the worker that it is lent to; false if that has begun it. */
static bool unwait(struct dispatcher *d, struct job *job)
{
    if (!job_is_lent(job)) {
        job_queue_remove(&d->queue, job);
    } else if (take_back(d, job)) {
        unlend(d, job);
        job->worker = NULL;
    } else {
        return false;
    }
    job->module->waiting--;
    return true;
}

/*
 * All that the worker was lent goes back to its place in the line. False if it has begun one of
 * them: then it has finished the job before, and its answer is on the way.
 */
static bool take_back_lent(struct dispatcher *d, struct worker *worker)
{
    struct job *job, *next;
    for (job = TAILQ_FIRST(&worker->lent); job; job = next) {
        next = TAILQ_NEXT(job, queue_link);
        if (!take_back(d, job))
            continue;
        unlend(d, job);
        job->worker = NULL;
        job_queue_return(&d->queue, job);
    }
    return worker->lent_count == 0;
}

/* The one place where jobs end: whatever happened, this is called once for each that was submitted.
 */
static void end_job(struct dispatcher *d, struct job *job, const struct job_event *event)
{
    struct worker *worker = job->worker;
    if (worker) {
        bug_on(worker->job != job);
        worker->job = NULL;
        job->worker = NULL;
    }
    count_end(d, job, event);
    job_set_state(job, JOB_ENDED);
    tell(job, event);
    hash_remove(&d->jobs, &job->by_seq);
    job_set_source(job, NULL);
    job_free(job);
}

__attribute__((format(printf, 4, 5))) static void fail_job(struct dispatcher *d, struct job *job,
                                                           enum fail_reason reason, const char *fmt,
                                                           ...)
{
    char text[MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    struct job_event event = {.type = JOB_FAILED, .fail = reason, .message = text};
    event.message_len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    if (job->state == JOB_STOPPING)
        event.step = job->stop_step;
    end_job(d, job, &event);
}

/* --- stopping running jobs --- */

static void send_signal(struct dispatcher *d, struct worker *worker, int signo)
{
    worker->signalled = true;
    if (signo == SIGKILL && worker->state != WORKER_STOPPING)
        worker_set_state(worker, WORKER_STOPPING, now(d));
    d->ops->signal(d->ctx, worker, signo);
}

static void kill_job(struct dispatcher *d, struct job *job)
{
    job->stop_step = STOP_SIGKILL;
    timer_clear(d->timers, &job->worker->timer);
    send_signal(d, job->worker, SIGKILL);
}

/* A job that is already being stopped keeps its first reason. */
static void begin_stop(struct dispatcher *d, struct job *job, enum fail_reason reason)
{
    if (job->state == JOB_STOPPING)
        return;
    job_set_state(job, JOB_STOPPING);
    job->stop_reason = (uint8_t)reason;
    job->stop_step = STOP_FLAG;
    take_back_lent(d, job->worker);
    d->ops->stop_flag(d->ctx, job->worker, job);
    timer_set_ms(d->timers, &job->worker->timer, d->limits.kill_grace_ms / 2);
}

/*
 * Stops a running job. If the worker has begun a job that it was lent, this one has ended and its
 * answer is on the way: a signal now would hit the other. So the socket is read first, in a turn of
 * its own.
 */
static void stop_job(struct dispatcher *d, struct job *job, bool kill)
{
    job->cancelled = true;
    job->killed |= kill;
    if (!take_back_lent(d, job->worker)) {
        timer_set(d->timers, &job->worker->timer, now(d));
        return;
    }
    begin_stop(d, job, FAIL_CANCELLED);
    if (job->killed && job->stop_step != STOP_SIGKILL)
        kill_job(d, job);
}

static void next_stop_step(struct dispatcher *d, struct job *job)
{
    if (job->stop_step == STOP_FLAG) {
        job->stop_step = STOP_SIGTERM;
        send_signal(d, job->worker, SIGTERM);
        timer_set_ms(d->timers, &job->worker->timer,
                     d->limits.kill_grace_ms - d->limits.kill_grace_ms / 2);
    } else {
        kill_job(d, job);
    }
}

static const char *stop_text(const struct job *job)
{
    switch (job->stop_reason) {
    case FAIL_TIMEOUT:
        return "the job ran into its time limit";
    case FAIL_CANCELLED:
        return "the job was cancelled";
    default:
        return "the server was shut down";
    }
}

static void fail_stopped(struct dispatcher *d, struct job *job)
{
    fail_job(d, job, job->stop_reason, "%s; it was ended by %s", stop_text(job),
             stop_step_name(job->stop_step));
}

/* --- workers' timers --- */

static struct dispatcher *dispatcher_of(struct worker *worker)
{
    return (struct dispatcher *)((char *)worker->pool - offsetof(struct dispatcher, pool));
}

/* What arrived in time counts, also if we come late: the worker's socket is read before it is
 * judged. */
static void on_job_deadline(struct dispatcher *d, struct worker *worker)
{
    uint32_t id = worker->id;
    uint64_t seq = worker->job->seq;
    take_back_lent(d, worker);
    d->ops->poll(d->ctx, worker);
    worker = pool_find(&d->pool, id);
    struct job *job = worker ? worker->job : NULL;
    if (job && job->seq == seq && job->state == JOB_STOPPING)
        next_stop_step(d, job);
    else if (job && job->seq == seq)
        begin_stop(d, job, job->cancelled ? FAIL_CANCELLED : FAIL_TIMEOUT);
    if (job && job->seq == seq && job->killed && job->stop_step != STOP_SIGKILL)
        kill_job(d, job);
    dispatch(d);
}

static void on_start_deadline(struct dispatcher *d, struct worker *worker)
{
    uint32_t id = worker->id;
    d->ops->poll(d->ctx, worker);
    worker = pool_find(&d->pool, id);
    if (!worker || worker->state != WORKER_STARTING)
        return;
    send_signal(d, worker, SIGKILL);
    start_failed(d, "a worker was not ready within start-timeout-ms");
}

static void on_worker_timer(void *arg)
{
    struct worker *worker = arg;
    struct dispatcher *d = dispatcher_of(worker);
    if (worker->job)
        on_job_deadline(d, worker);
    else if (worker->state == WORKER_STARTING)
        on_start_deadline(d, worker);
    else
        send_signal(d, worker, SIGKILL); /* it was told to end and did not */
}

/* Tells a worker that has no job to end by itself. */
static void retire(struct dispatcher *d, struct worker *worker)
{
    timer_clear(d->timers, &worker->timer);
    worker_set_state(worker, WORKER_STOPPING, now(d));
    timer_set_ms(d->timers, &worker->timer, d->limits.kill_grace_ms);
    d->ops->retire(d->ctx, worker);
}

/* --- growing --- */

static uint64_t next_random(struct dispatcher *d)
{
    d->random ^= d->random << 13; /* xorshift64; it only spreads restarts */
    d->random ^= d->random >> 7;
    d->random ^= d->random << 17;
    return d->random;
}

/* Failures that come while starts are held back already are of the same cause and do not add up. */
static void start_failed(struct dispatcher *d, const char *why)
{
    snprintf(d->start_error, sizeof d->start_error, "%s", why);
    if (timer_is_set(&d->backoff))
        return;
    uint64_t delay = BACKOFF_MAX_MS;
    if (d->start_failures < 9)
        delay = (uint64_t)BACKOFF_MIN_MS << d->start_failures;
    if (delay > BACKOFF_MAX_MS)
        delay = BACKOFF_MAX_MS;
    delay -= next_random(d) % (delay / 4); /* never longer than the maximum */
    d->start_failures++;
    timer_set_ms(d->timers, &d->backoff, delay);
    log_event(LOG_ERROR, "start-failed", LOG_STR("why", why), LOG_UINT("retry_ms", delay),
              LOG_UINT("failures", d->start_failures));
}

/* While starts fail, they are tried one at a time. */
static bool can_start(const struct dispatcher *d)
{
    return !d->draining && !timer_is_set(&d->backoff) &&
           pool_count(&d->pool) < d->limits.pool_max &&
           (d->start_failures == 0 || starting(d) == 0);
}

static void forget_worker(struct dispatcher *d, struct worker *worker)
{
    timer_clear(d->timers, &worker->timer);
    d->ops->forget(d->ctx, worker);
    pool_remove(&d->pool, worker);
}

static void start_worker(struct dispatcher *d)
{
    struct worker *worker = pool_add(&d->pool, now(d));
    timer_init(&worker->timer, on_worker_timer, worker);
    if (d->ops->start(d->ctx, worker) < 0) {
        char why[128];
        snprintf(why, sizeof why, "cannot start a worker process: %s", strerror(errno));
        forget_worker(d, worker);
        start_failed(d, why);
        return;
    }
    d->pool.forks++;
    timer_set_ms(d->timers, &worker->timer, d->limits.start_timeout_ms);
}

/* If jobs wait while no worker lives, that must end some time. */
static void watch_availability(struct dispatcher *d)
{
    bool stuck = job_queue_count(&d->queue) > 0 && d->pool.counts[WORKER_IDLE] == 0 &&
                 d->pool.counts[WORKER_BUSY] == 0;
    if (!stuck)
        timer_clear(d->timers, &d->unavailable);
    else if (!timer_is_set(&d->unavailable))
        timer_set_ms(d->timers, &d->unavailable, d->limits.start_timeout_ms);
}

/* Section 6 of the protocol, rule 3, and the pool's size at rest. */
static void grow(struct dispatcher *d)
{
    while (can_start(d) &&
           (dispatcher_waiting(d) > starting(d) || pool_count(&d->pool) < d->limits.pool_start))
        start_worker(d);
    if (dispatcher_waiting(d) > starting(d) && pool_count(&d->pool) >= d->limits.pool_max)
        note_exhausted(d);
    watch_availability(d);
}

static void on_backoff(void *arg)
{
    grow(arg);
}

/* Waiting jobs fail from the head of the line on, a batch per turn of the loop: there may be a
 * million. */
static void on_purge(void *arg)
{
    struct dispatcher *d = arg;
    struct job *job;
    for (size_t n = 0; n < BATCH && d->purge_left && (job = job_queue_first(&d->queue)); n++) {
        d->purge_left--;
        unwait(d, job);
        fail_job(d, job, d->purge_reason, "%s", d->purge_message);
    }
    if (d->purge_left && job_queue_count(&d->queue))
        timer_set(d->timers, &d->purge, now(d) + 1);
    else
        d->purge_left = 0;
    watch_availability(d);
}

__attribute__((format(printf, 3, 4))) static void purge(struct dispatcher *d,
                                                        enum fail_reason reason, const char *fmt,
                                                        ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(d->purge_message, sizeof d->purge_message, fmt, args);
    va_end(args);
    d->purge_reason = reason;
    d->purge_left = job_queue_count(&d->queue);
    on_purge(d);
}

static void on_unavailable(void *arg)
{
    struct dispatcher *d = arg;
    const char *why = d->start_error[0] ? d->start_error : "workers do not become ready";
    purge(d, FAIL_UNAVAILABLE, "no worker could be started for %u ms: %s",
          d->limits.start_timeout_ms, why);
}

/* --- running --- */

static uint32_t least_limit(uint32_t a, uint32_t b)
{
    if (!a || !b)
        return a ? a : b;
    return a < b ? a : b;
}

static uint32_t limit_ms(const struct dispatcher *d, const struct job *job)
{
    return least_limit(least_limit(job->timeout_ms, job->module->timeout_ms),
                       d->limits.job_timeout_ms);
}

/* The job's order is that in which jobs are first handed to a worker, and stays if it is taken
 * back. */
static void hand(struct dispatcher *d, struct worker *worker, struct job *job)
{
    if (!job->order)
        job->order = ++d->last_order;
    job->worker = worker;
    d->ops->assign(d->ctx, worker, job, limit_ms(d, job) * 1000ull);
}

/* From now on the worker is on this job, as far as we can tell. */
static void begin(struct dispatcher *d, struct worker *worker, struct job *job)
{
    job_set_state(job, JOB_RUNNING);
    job->assigned_us = now(d);
    worker->job = job;
    d->counts.running++;
    job->module->running++;
    if (limit_ms(d, job))
        timer_set_ms(d->timers, &worker->timer, limit_ms(d, job));
    if (job->notify_started)
        tell(job, &(struct job_event){.type = JOB_STARTED, .worker = worker->id});
    job->notify_started = false; /* once, also if it must begin again elsewhere */
    if (job->cancelled)
        stop_job(d, job, job->killed);
}

/* The next of its lent jobs becomes the one that the worker is on. */
static void begin_lent(struct dispatcher *d, struct worker *worker)
{
    struct job *job = TAILQ_FIRST(&worker->lent);
    unlend(d, job);
    job->module->waiting--;
    begin(d, worker, job);
}

static bool may_be_lent_to(const struct dispatcher *d, const struct worker *worker)
{
    bool prints = worker->printed_us && now(d) - worker->printed_us < LEND_QUIET_US;
    return worker->state == WORKER_BUSY && worker->job->state == JOB_RUNNING &&
           !worker->signalled && !worker->stale && !d->draining && !prints &&
           worker->last_run_us <= LEND_RUN_MAX_US;
}

/*
 * Hands the worker its next jobs early: its share of the line, up to the window, and in batches, so
 * that what travels together shares its system calls and wake-ups.
 */
static void lend(struct dispatcher *d, struct worker *worker)
{
    size_t most = d->limits.worker_window - 1;
    size_t share = job_queue_count(&d->queue) / (d->pool.counts[WORKER_BUSY] + 1);
    struct job *job;
    if (worker->lent_count > most / 2 || !share || !may_be_lent_to(d, worker))
        return;
    if (share < most)
        most = share;
    while (worker->lent_count < most && (job = job_queue_first(&d->queue)) && !job->source->gone &&
           (!job->payload || job->payload->size <= LEND_PAYLOAD_MAX)) {
        job_queue_remove(&d->queue, job);
        hand(d, worker, job);
        job->was_lent = true;
        TAILQ_INSERT_TAIL(&worker->lent, job, queue_link);
        worker->lent_count++;
        d->lent++;
    }
}

static void assign(struct dispatcher *d, struct worker *worker, struct job *job)
{
    hand(d, worker, job);
    job->was_lent = false; /* it counts as begun from now on: an idle worker takes it at once */
    worker_set_state(worker, WORKER_BUSY, now(d));
    begin(d, worker, job);
}

/* Nobody wants to know of a job any more that has left the line. */
static void drop(struct dispatcher *d, struct job *job)
{
    d->counts.dropped++;
    job_set_state(job, JOB_ENDED);
    hash_remove(&d->jobs, &job->by_seq);
    job_set_source(job, NULL);
    job_free(job);
}

/* The longest lent job that its worker has not begun; NULL if there is none. */
static struct job *first_lent(struct dispatcher *d)
{
    struct worker *worker, *from = NULL;
    struct job *job;
    TAILQ_FOREACH (worker, &d->pool.lists[WORKER_BUSY], link)
        if (worker->lent_count &&
            (!from || TAILQ_FIRST(&worker->lent)->order < TAILQ_FIRST(&from->lent)->order))
            from = worker;
    if (!from)
        return NULL;
    TAILQ_FOREACH (job, &from->lent, queue_link)
        if (unwait(d, job))
            return job;
    return NULL;
}

/* The next job for an idle worker, out of the line; NULL if there is none. */
static struct job *next_job(struct dispatcher *d)
{
    struct job *job;
    while ((job = job_queue_first(&d->queue))) {
        unwait(d, job);
        if (!job->source->gone)
            return job;
        drop(d, job);
    }
    return d->lent ? first_lent(d) : NULL;
}

/* Waiting jobs to idle workers, first in, first out. */
static void dispatch(struct dispatcher *d)
{
    struct worker *worker;
    struct job *job;
    while ((worker = pool_idle(&d->pool)) && (job = next_job(d)))
        assign(d, worker, job);
}

/* The worker has answered for its job. */
static void worker_next(struct dispatcher *d, struct worker *worker)
{
    timer_clear(d->timers, &worker->timer);
    worker->jobs_done++;
    if (worker->lent_count) {
        begin_lent(d, worker);
    } else if (worker->state == WORKER_STOPPING) {
        return;
    } else if (worker->signalled || worker->stale || d->draining) {
        retire(d, worker);
        return;
    } else {
        worker_set_state(worker, WORKER_IDLE, now(d));
        dispatch(d);
    }
    if (worker->job)
        lend(d, worker);
}

/* --- submits --- */

/* When half the line will be gone, by what jobs took lately. */
static uint64_t retry_after_ms(const struct dispatcher *d)
{
    size_t workers = d->pool.counts[WORKER_IDLE] + d->pool.counts[WORKER_BUSY];
    uint64_t jobs = dispatcher_waiting(d) + d->counts.running;
    uint64_t run_us = d->mean_run_us ? d->mean_run_us : RUN_GUESS_US;
    uint64_t ms = run_us * jobs / (workers ? workers : 1) / 2000;
    if (!workers && ms < RETRY_AFTER_NO_WORKER_MS)
        ms = RETRY_AFTER_NO_WORKER_MS;
    if (ms > RETRY_AFTER_MAX_MS)
        ms = RETRY_AFTER_MAX_MS;
    return ms ? ms : 1;
}

static void refuse(struct dispatcher *d, struct job *job, enum overload_reason reason)
{
    struct job_event event = {
        .type = JOB_OVERLOAD,
        .overload = reason,
        .queued = dispatcher_waiting(d),
        .running = d->counts.running,
        .retry_after_ms = retry_after_ms(d),
    };
    if (reason == OVERLOAD_QUEUE_FULL)
        note_queue_full(d);
    end_job(d, job, &event);
}

static void accept_job(struct job *job, size_t position)
{
    if (job->notify_accepted)
        tell(job, &(struct job_event){.type = JOB_ACCEPTED, .position = position});
}

static bool quota_used_up(const struct dispatcher *d, const struct job *job)
{
    return d->limits.client_job_max && job->source->job_count > d->limits.client_job_max;
}

/* waiting - starting < job-max, or a worker can be started for it. */
static bool may_wait(const struct dispatcher *d)
{
    return dispatcher_waiting(d) < (size_t)d->limits.job_max + starting(d) || can_start(d);
}

static void enqueue(struct dispatcher *d, struct job *job)
{
    size_t position = dispatcher_waiting(d);
    job_queue_put(&d->queue, job);
    job->module->waiting++;
    accept_job(job, position);
    grow(d);
}

void dispatcher_submit(struct dispatcher *d, struct job *job)
{
    job->seq = ++d->last_seq;
    job->submitted_us = now(d);
    d->counts.submitted++;
    hash_insert(&d->jobs, &job->by_seq, seq_hash(job->seq));
    struct worker *worker = pool_idle(&d->pool);
    if (d->draining) {
        fail_job(d, job, FAIL_SHUTDOWN, "the server is shutting down");
    } else if (!job->module) {
        fail_job(d, job, FAIL_UNKNOWN_MODULE, "there is no such module, or it is disabled");
    } else if (job->over_budget) {
        refuse(d, job, OVERLOAD_MEMORY);
    } else if (quota_used_up(d, job)) {
        refuse(d, job, OVERLOAD_CLIENT_QUOTA);
    } else if (worker && !job_queue_count(&d->queue)) {
        accept_job(job, 0);
        assign(d, worker, job);
    } else if (may_wait(d)) {
        enqueue(d, job);
    } else {
        refuse(d, job, OVERLOAD_QUEUE_FULL);
    }
}

uint64_t dispatcher_next_seq(const struct dispatcher *d)
{
    return d->last_seq + 1;
}

struct job *dispatcher_find(const struct dispatcher *d, uint64_t seq)
{
    struct hash_node *node = hash_first(&d->jobs, seq_hash(seq));
    return node ? job_by_seq(node) : NULL;
}

void dispatcher_cancel(struct dispatcher *d, struct job *job, bool kill)
{
    if (job->state != JOB_WAITING) {
        stop_job(d, job, kill);
    } else if (unwait(d, job)) {
        fail_job(d, job, FAIL_CANCELLED, "the job was cancelled while it waited");
        watch_availability(d);
    } else { /* begun just now: it is stopped as soon as the answer for the one before is here */
        job->cancelled = true;
        job->killed |= kill;
    }
}

/* --- sources --- */

void dispatcher_source_ended(struct dispatcher *d, struct job_source *source)
{
    struct job *job = LIST_FIRST(&source->jobs);
    while (job) {
        struct job *next = LIST_NEXT(job, source_link);
        if (job->link)
            dispatcher_cancel(d, job, false);
        job = next;
    }
}

bool dispatcher_source_gone(struct dispatcher *d, struct job_source *source)
{
    struct job *job;
    source->gone = true;
    for (size_t n = 0; n < BATCH && (job = LIST_FIRST(&source->jobs)); n++) {
        if (job->state == JOB_WAITING && unwait(d, job)) {
            drop(d, job);
            continue;
        }
        job_set_source(job, NULL);
        if (job->link)
            dispatcher_cancel(d, job, false);
    }
    watch_availability(d);
    return LIST_EMPTY(&source->jobs);
}

/* --- what workers do --- */

void dispatcher_worker_ready(struct dispatcher *d, struct worker *worker)
{
    timer_clear(d->timers, &worker->timer);
    d->start_failures = 0;
    d->start_error[0] = '\0';
    timer_clear(d->timers, &d->backoff);
    if (worker->stale || d->draining) {
        retire(d, worker);
        return;
    }
    worker_set_state(worker, WORKER_IDLE, now(d));
    dispatch(d);
    grow(d);
}

static void learn_run_time(struct dispatcher *d, const struct job *job)
{
    uint64_t run_us = now(d) - job->assigned_us;
    job->worker->last_run_us = run_us;
    d->mean_run_us = d->mean_run_us
                         ? (d->mean_run_us * (RUN_MEAN_WEIGHT - 1) + run_us) / RUN_MEAN_WEIGHT
                         : run_us;
}

void dispatcher_worker_answered(struct dispatcher *d, struct worker *worker,
                                const struct worker_answer *answer)
{
    struct job *job = worker->job;
    struct job_event event = {
        .type = answer->type,
        .fail = answer->fail,
        .code = answer->code,
        .message = answer->message,
        .message_len = answer->message_len,
        .payload = answer->payload,
    };
    learn_run_time(d, job);
    if (answer->type == JOB_FAILED && job->state == JOB_STOPPING)
        fail_stopped(d, job);
    else
        end_job(d, job, &event);
    worker_next(d, worker);
}

static void lose_job(struct dispatcher *d, struct worker *worker, const struct worker_end *end)
{
    char text[MESSAGE_MAX];
    struct job *job = worker->job;
    if (job->state == JOB_STOPPING) {
        fail_stopped(d, job);
        return;
    }
    int n = snprintf(text, sizeof text, "worker %u (pid %d) was lost while it ran %s: %s",
                     worker->id, (int)worker->pid, job->module->name, end->why);
    struct job_event event = {
        .type = JOB_FAILED,
        .fail = FAIL_ERROR,
        .message = text,
        .message_len = n < 0                     ? 0
                       : (size_t)n < sizeof text ? (size_t)n
                                                 : sizeof text - 1,
        .signal = end->signal,
        .exit_status = end->exit_status,
        .exited = end->exited,
        .payload = end->details,
    };
    end_job(d, job, &event);
}

/* The worker was lost before it began its job: that waits again. */
static void return_job(struct dispatcher *d, struct worker *worker)
{
    struct job *job = worker->job;
    worker->job = NULL;
    job->worker = NULL;
    d->counts.running--;
    job->module->running--;
    job->assigned_us = 0;
    if (!job->source) {
        drop(d, job);
        return;
    }
    job->module->waiting++;
    job_queue_return(&d->queue, job);
}

void dispatcher_worker_lost(struct dispatcher *d, struct worker *worker,
                            const struct worker_end *end)
{
    bool was_starting = worker->state == WORKER_STARTING;
    timer_clear(d->timers, &worker->timer);
    if (worker->job && worker->job->was_lent && worker->job->state == JOB_RUNNING &&
        take_back(d, worker->job))
        return_job(d, worker);
    else if (worker->job)
        lose_job(d, worker, end);
    take_back_lent(d, worker);
    while (worker->lent_count) { /* begun, and the answer for the one before it was lost */
        begin_lent(d, worker);
        lose_job(d, worker, end);
        timer_clear(d->timers, &worker->timer);
    }
    if (worker->state != WORKER_STOPPING)
        worker_set_state(worker, WORKER_STOPPING, now(d));
    if (was_starting && !worker->stale && !d->draining)
        start_failed(d, end->why);
    dispatch(d);
}

void dispatcher_worker_reaped(struct dispatcher *d, struct worker *worker)
{
    bug_on(worker->state != WORKER_STOPPING);
    d->pool.exits++;
    forget_worker(d, worker);
    grow(d);
}

/* --- drain and reload --- */

static void take_back_all(struct dispatcher *d)
{
    struct worker *worker;
    TAILQ_FOREACH (worker, &d->pool.lists[WORKER_BUSY], link)
        take_back_lent(d, worker);
}

static void retire_all(struct dispatcher *d, enum worker_state state)
{
    struct worker *worker;
    while ((worker = TAILQ_FIRST(&d->pool.lists[state])))
        retire(d, worker);
}

void dispatcher_drain(struct dispatcher *d)
{
    d->draining = true;
    timer_clear(d->timers, &d->backoff);
    take_back_all(d);
    purge(d, FAIL_SHUTDOWN, "the server is shutting down");
    retire_all(d, WORKER_IDLE);
    retire_all(d, WORKER_STARTING);
}

void dispatcher_abort(struct dispatcher *d, bool at_once)
{
    struct worker *worker, *next;
    for (int state = 0; state < WORKER_STATES; state++) {
        for (worker = TAILQ_FIRST(&d->pool.lists[state]); worker; worker = next) {
            next = TAILQ_NEXT(worker, link);
            if (worker->job) {
                begin_stop(d, worker->job, FAIL_SHUTDOWN);
                worker->job->stop_step = STOP_SIGKILL;
            }
            if (worker->job && at_once)
                fail_stopped(d, worker->job);
            while (at_once && worker->lent_count) { /* begun just now */
                begin_lent(d, worker);
                fail_job(d, worker->job, FAIL_SHUTDOWN, "the server was shut down");
            }
            timer_clear(d->timers, &worker->timer);
            send_signal(d, worker, SIGKILL);
        }
    }
}

bool dispatcher_is_drained(const struct dispatcher *d)
{
    return d->draining && d->counts.running == 0 && dispatcher_waiting(d) == 0 &&
           pool_count(&d->pool) == 0;
}

void dispatcher_configure(struct dispatcher *d, const struct dispatcher_limits *limits,
                          bool recycle)
{
    struct worker *worker;
    d->limits = *limits;
    if (recycle) {
        for (int state = 0; state < WORKER_STATES; state++)
            TAILQ_FOREACH (worker, &d->pool.lists[state], link)
                worker->stale = true;
        take_back_all(d);
        dispatch(d);
        retire_all(d, WORKER_IDLE);
    }
    grow(d);
}

/* --- beginning and end --- */

void dispatcher_init(struct dispatcher *d, const struct dispatcher_ops *ops, void *ctx,
                     struct timers *timers, const struct dispatcher_limits *limits, uint64_t random)
{
    *d = (struct dispatcher){
        .ops = ops, .ctx = ctx, .timers = timers, .limits = *limits, .random = random | 1};
    pool_init(&d->pool);
    job_queue_init(&d->queue);
    hash_init(&d->jobs);
    timer_init(&d->backoff, on_backoff, d);
    timer_init(&d->unavailable, on_unavailable, d);
    timer_init(&d->purge, on_purge, d);
    timer_init(&d->exhausted.over, on_exhausted_over, d);
    timer_init(&d->queue_full.over, on_queue_full_over, d);
}

void dispatcher_start(struct dispatcher *d)
{
    grow(d);
}

void dispatcher_free(struct dispatcher *d)
{
    bug_on(pool_count(&d->pool) || d->jobs.count);
    timer_clear(d->timers, &d->backoff);
    timer_clear(d->timers, &d->unavailable);
    timer_clear(d->timers, &d->purge);
    timer_clear(d->timers, &d->exhausted.over);
    timer_clear(d->timers, &d->queue_full.over);
    hash_free(&d->jobs);
}
