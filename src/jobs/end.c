/*
 * dispatch_end: the end of a job. Each submitted job is told, counted and freed here.
 */
#include "jobs/dispatcher_internal.h"

#include "base/signal_name.h"
#include "common/limits.h"
#include "common/log.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

enum { CRASH_TEXT_MAX = 32 };

/* How long the job waited and ran. A result that had to wait has its own time already. */
static void measure(const struct dispatcher *d, const struct job *job, struct job_event *event)
{
    if (!job->run.begun_us)
        return;
    event->wait_us = job->run.begun_us - job->run.submitted_us;
    if (!event->run_us)
        event->run_us = dispatch_now(d) - job->run.begun_us;
}

/* The module did not run a job that ends as unavailable. */
static bool has_run(const struct job *job, const struct job_event *event)
{
    return job->run.begun_us && !(event->type == JOB_FAILED && event->fail == FAIL_UNAVAILABLE);
}

static void count_times(struct tally *module, struct tally *pool, const struct job_event *event)
{
    unsigned wait = histogram_bucket(event->wait_us), run = histogram_bucket(event->run_us);
    histogram_add_to(&module->wait_us, wait, event->wait_us);
    histogram_add_to(&module->run_us, run, event->run_us);
    histogram_add_to(&pool->wait_us, wait, event->wait_us);
    histogram_add_to(&pool->run_us, run, event->run_us);
}

static void count_bytes(struct tally *module, struct tally *pool, uint64_t in, uint64_t out)
{
    module->bytes_in += in;
    module->bytes_out += out;
    pool->bytes_in += in;
    pool->bytes_out += out;
}

/* An operator's kill of the worker is no crash; nobody is known to have sent other signals. */
static void count_crash(struct module_history *history, const struct job_event *event)
{
    bool is_crash = event->fail == FAIL_ERROR && event->by == BY_NOBODY;
    if (is_crash && event->signal > 0 && event->signal < CRASH_SIGNALS)
        history->crashes[event->signal]++;
}

static void count_failure(struct module_history *history, const struct job_event *event)
{
    history->failed++;
    count_crash(history, event);
}

static void count_overload(struct dispatcher *d, enum overload_reason reason)
{
    d->shared->counts.overload[reason]++;
    d->overload[reason]++;
}

static void count_module(struct dispatcher *d, const struct job *job, const struct job_event *event)
{
    struct module_entry *module = job->asked.module;
    if (!module || event->type == JOB_OVERLOAD)
        return;
    if (event->type == JOB_DONE)
        module->history.done++;
    else
        count_failure(&module->history, event);
    if (has_run(job, event))
        count_times(&module->tally, &d->tally, event);
    count_bytes(&module->tally, &d->tally, dispatch_payload_size(job),
                event->payload ? event->payload->size : 0);
}

/* No source hears of the job. */
static bool is_nobodys(const struct job *job)
{
    return !job->source || job->source->gone;
}

static void count_end(struct dispatcher *d, const struct job *job, const struct job_end *end)
{
    const struct job_event *event = end->event;
    if (end->dropped) {
        d->shared->counts.dropped++; /* never begun: its module neither did the job nor failed */
        return;
    }
    count_module(d, job, event);
    if (end->orphaned)
        d->shared->counts.orphaned++;
    else if (event->type == JOB_DONE)
        d->shared->counts.done++;
    else if (event->type == JOB_FAILED)
        d->shared->counts.failed[event->fail]++;
    else
        count_overload(d, event->overload);
}

/* A kill is nobody's crash: neither ours, nor one from outside. */
static enum breaker_end breaker_end_of(const struct job_event *event)
{
    if (event->type == JOB_DONE || event->fail == FAIL_MODULE)
        return BREAKER_PASSED;
    bool crashed = event->exited || (event->signal && event->signal != SIGKILL);
    return event->fail == FAIL_ERROR && crashed ? BREAKER_CRASHED : BREAKER_NEITHER;
}

static const char *crash_text(const struct job_event *event, char text[CRASH_TEXT_MAX])
{
    if (event->exited)
        snprintf(text, CRASH_TEXT_MAX, "exit status %d", event->exit_status);
    else
        snprintf(text, CRASH_TEXT_MAX, "%s", signal_name(event->signal));
    return text;
}

/* A refused job has not begun. */
__attribute__((noinline)) /* so that a passed job needs no room for the text */
static void
look_at_breaker(struct dispatcher *d, const struct job *job, const struct job_event *event)
{
    struct module_entry *module = job->asked.module;
    enum breaker_end end = breaker_end_of(event);
    char text[CRASH_TEXT_MAX];
    if (event->fail == FAIL_UNAVAILABLE)
        return;
    if (module_breaker_ended(&module->breaker, &d->shared->limits, module->name, job->seq, end,
                             end == BREAKER_CRASHED ? crash_text(event, text) : NULL,
                             dispatch_now(d)))
        dispatch_touch(d, DISPATCH_BREAKER);
}

static void tell_breaker(struct dispatcher *d, const struct job *job, const struct job_event *event)
{
    if (breaker_end_of(event) != BREAKER_PASSED ||
        !module_breaker_counts(&job->asked.module->breaker, dispatch_now(d)))
        look_at_breaker(d, job, event);
}

/* The kinds of news that the job's end is. */
static unsigned kinds_of_end(const struct job *job, const struct job_event *event)
{
    unsigned kinds = event->type == JOB_DONE ? NEWS_ENDS : NEWS_ENDS | NEWS_FAILS;
    return job->run.marked ? kinds | NEWS_MARKED : kinds;
}

/* Returns `usage`, or NULL if nobody asks or nothing is known. */
static const struct job_usage *find_usage(const struct dispatcher *d, const struct job *job,
                                          struct job_usage *usage)
{
    bool known = job->asked.notify_usage && job_is_assigned(job) && d->ops->usage &&
                 d->ops->usage(d->ctx, job->run.worker, job, usage);
    return known ? usage : NULL;
}

void dispatch_end(struct dispatcher *d, struct job *job, struct job_event *event)
{
    const bool nobody = is_nobodys(job), waiting = job->state == JOB_WAITING;
    const struct job_end end = {.event = event,
                                .worker = job->run.worker,
                                .dropped = nobody && waiting,
                                .orphaned = nobody && !waiting};
    struct job_usage usage;
    measure(d, job, event);
    event->usage = find_usage(d, job, &usage);
    if (job->run.worker) {
        if (job->asked.notify_progress)
            dispatch_progress_end(job);
        tell_breaker(d, job, event);
        if (job->run.arriving)
            dispatch_hold_arrived(job);
        dispatch_unassign(d, job);
    }
    count_end(d, job, &end);
    job_set_state(job, JOB_ENDED);
    dispatch_tell(job, event);
    const unsigned kinds = kinds_of_end(job, event);
    if (news_is_wanted(&d->shared->news, kinds))
        news_tell_end(&d->shared->news, kinds, job, &end);
    dispatch_hold_expect_none(d, job);
    d->bytes -= dispatch_payload_size(job);
    hash_remove(&d->shared->jobs, &job->links.by_seq);
    if (job->asked.max_wait_ms)
        dispatch_wait_remove(d, job);
    job_set_source(job, NULL);
    job_free(job);
}

/* A cancelled job has noted by whom. A shutdown is always the operator's. */
static void tell_by(const struct job *job, struct job_event *event)
{
    if (event->fail == FAIL_SHUTDOWN)
        event->by = BY_OPERATOR;
    if (event->fail != FAIL_CANCELLED)
        return;
    event->by = job->by;
    event->by_name = job->run.by_name;
}

void dispatch_end_failed(struct dispatcher *d, struct job *job, enum fail_reason reason,
                         const char *fmt, ...)
{
    char text[MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    struct job_event event = {.type = JOB_FAILED, .fail = reason, .message = text};
    event.message_len = dispatch_text_len(n, sizeof text);
    if (job->state == JOB_STOPPING)
        event.step = job->run.stop_step;
    tell_by(job, &event);
    dispatch_end(d, job, &event);
}

void dispatch_end_dropped(struct dispatcher *d, struct job *job)
{
    dispatch_end(d, job, &(struct job_event){.type = JOB_FAILED});
}
