/*
 * dispatch_outcome: the outcome of a start or a job: a worker is ready, has answered, or is lost.
 */
#include "jobs/dispatcher_internal.h"

#include "common/limits.h"
#include "common/log.h"

#include <stdio.h>

enum { RUN_MEAN_WEIGHT = 8 }; /* the last run counts for one in so many */

void dispatch_outcome_ready(struct dispatcher *d, struct worker *worker)
{
    timer_clear(d->timers, &worker->timer);
    worker->heard_us = dispatch_now(d);
    dispatch_fail_stop(d);
    if (!dispatch_renew_is_old(d, worker)) {
        dispatch_start_ready(d);
        dispatch_renew_take_over(d);
    }
    if (dispatch_is_leaving(worker) || dispatch_fails_waiting(d)) {
        dispatch_retire(d, worker, dispatch_end_of_free(d, worker));
    } else {
        worker_set_state(worker, WORKER_IDLE, dispatch_now(d));
        dispatch_touch(d, DISPATCH_ASIDE | DISPATCH_LINE);
    }
    dispatch_touch(d, DISPATCH_POOL);
}

void dispatch_outcome_ready_without(struct dispatcher *d, struct worker *worker, const char *why)
{
    if (dispatch_renew_is_unwanted(d, worker)) {
        dispatch_retire(d, worker, END_REFUSED);
        dispatch_start_failed(d, why);
        dispatch_touch(d, DISPATCH_POOL);
    } else {
        if (!dispatch_renew_is_old(d, worker))
            dispatch_renew_incomplete(d, why);
        dispatch_outcome_ready(d, worker);
    }
}

static uint64_t moving_mean(uint64_t mean, uint64_t value)
{
    return mean ? (mean * (RUN_MEAN_WEIGHT - 1) + value) / RUN_MEAN_WEIGHT : value;
}

/* The worker's own measurement says how long the job was: on a busy machine the master's clock also
 * counts the wait for a processor. */
static void learn_run_time(struct dispatcher *d, const struct job *job,
                           const struct worker_answer *answer)
{
    uint64_t run_us = dispatch_now(d) - job->run.begun_us;
    job->run.worker->last_run_us = answer->run_us ? answer->run_us : run_us;
    job->asked.module->history.mean_run_us =
        moving_mean(job->asked.module->history.mean_run_us, job->run.worker->last_run_us);
    d->mean_run_us = moving_mean(d->mean_run_us, run_us);
}

/* The answers of several jobs may be read together: a job began at least its run time ago. Returns
 * the run time of a job whose end is not known, otherwise 0. A broken worker may claim any time. */
static uint64_t own_run_time(const struct dispatcher *d, struct job *job,
                             const struct worker_answer *answer)
{
    uint64_t most_us = dispatch_now(d) - job->run.submitted_us;
    uint64_t run_us = answer->run_us < most_us ? answer->run_us : most_us;
    if (job->run.begun_us > dispatch_now(d) - run_us)
        job->run.begun_us = dispatch_now(d) - run_us;
    return answer->waited ? run_us : 0;
}

/* The worker ends, unless it is on another job already, perhaps a long one. */
static void give_way(struct dispatcher *d, struct worker *worker)
{
    if (!dispatch_reclaim_worker(d, worker))
        return;
    worker->leaving = true;
    if (!worker->end)
        worker_decide_end(worker, dispatch_start_room_end(d));
}

static struct job_event event_of(const struct worker_answer *answer)
{
    return (struct job_event){
        .type = answer->type,
        .fail = answer->fail,
        .code = answer->code,
        .message = answer->message,
        .message_len = answer->message_len,
        .payload = answer->payload,
        .retry_after_ms = answer->retry_after_ms,
    };
}

void dispatch_outcome_answered(struct dispatcher *d, struct worker *worker,
                               const struct worker_answer *answer)
{
    struct job *job = worker->job;
    if (worker->stream.lost)
        return; /* the job is lost with its worker */
    bool proof = dispatch_start_is_proof(d, worker);
    struct job_event event = event_of(answer);
    if (event.type == JOB_FAILED && event.fail == FAIL_UNAVAILABLE) {
        if (answer->unfit && dispatch_refusal_give_back(d, worker, answer))
            return;
        module_refusal_log(&job->asked.module->history.refusal, job->asked.module->name, worker->id,
                           answer->message, answer->message_len, dispatch_now(d));
    } else {
        learn_run_time(d, job, answer);
        event.run_us = own_run_time(d, job, answer);
        dispatch_refusal_over(d, job->asked.module);
    }
    worker->last_result = answer->payload ? answer->payload->size : 0;
    dispatch_hold_learn(job->asked.module, worker->last_result);
    bool stopped = job->state == JOB_STOPPING || job->run.soft_stopped;
    bool partly = answer->partly || worker->stream.dropped;
    if (stopped && (answer->type == JOB_FAILED || partly))
        dispatch_stop_end(d, job);
    else
        dispatch_end(d, job, &event);
    worker->jobs_done++;
    worker->jobs_failed += answer->type == JOB_FAILED;
    worker->heard_us = dispatch_now(d);
    if (dispatch_recycle_turn(d, worker) || dispatch_start_must_make_room(d))
        give_way(d, worker);
    dispatch_assign_next(d, worker);
    if (proof)
        dispatch_start_ok(d);
}

static void lose_job(struct dispatcher *d, struct worker *worker, const struct worker_exit *end)
{
    char text[MESSAGE_MAX];
    struct job *job = worker->job;
    if (job->state == JOB_STOPPING) {
        dispatch_stop_end(d, job);
        return;
    }
    if (worker->signalled && d->shared->draining &&
        worker->end != END_KILLED) { /* by an abort, sent while it was on the job before */
        dispatch_end_failed(d, job, FAIL_SHUTDOWN, "the server was shut down");
        return;
    }
    int n = snprintf(text, sizeof text, "worker %u (pid %d) was lost while it ran %s: %s",
                     worker->id, (int)worker->pid, job->asked.module->name, end->why);
    struct job_event event = {
        .type = JOB_FAILED,
        .fail = FAIL_ERROR,
        .message = text,
        .message_len = dispatch_text_len(n, sizeof text),
        .signal = end->signal,
        .exit_status = end->exit_status,
        .exited = end->exited,
        .payload = end->details,
        .by = worker->end == END_KILLED ? BY_OPERATOR : BY_NOBODY,
    };
    dispatch_end(d, job, &event);
}

/* The worker had begun further jobs. The finished ones have their results, though the answer for
 * the job before them was lost. */
static void lose_begun(struct dispatcher *d, struct worker *worker, const struct worker_exit *end)
{
    if (!worker->job)
        dispatch_assign_prefetched(d, worker);
    uint64_t seq = worker->job->seq;
    dispatch_enter(d);
    if (d->ops->results)
        d->ops->results(d->ctx, worker);
    dispatch_leave(d);
    if (worker->job && worker->job->seq == seq)
        lose_job(d, worker, end);
    timer_clear(d->timers, &worker->timer);
}

void dispatch_outcome_exited(struct worker *worker, const struct worker_exit *exit)
{
    worker_cut_off(worker);
    if (exit->signal)
        worker_decide_end(worker, END_SIGNAL);
    else if (exit->exited)
        worker_decide_end(worker, END_EXIT);
}

void dispatch_outcome_lost(struct dispatcher *d, struct worker *worker,
                           const struct worker_exit *end)
{
    bool start_failed = dispatch_start_is_failed(d, worker);
    dispatch_outcome_exited(worker, end);
    timer_clear(d->timers, &worker->timer);
    if (worker->job && !dispatch_reclaim_of_lost(d, worker))
        lose_job(d, worker, end);
    dispatch_reclaim_worker(d, worker);
    while (worker->prefetched_count || worker->job)
        lose_begun(d, worker, end);
    if (worker->state != WORKER_STOPPING)
        worker_set_state(worker, WORKER_STOPPING, dispatch_now(d));
    if (start_failed && !dispatch_fails_waiting(d))
        dispatch_start_failed(d, end->why);
    dispatch_touch(d, DISPATCH_LINE | DISPATCH_POOL);
}
