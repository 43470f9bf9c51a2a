/* worker_results: see results.h. */
#include "workers/results.h"
#include "workers/workers_internal.h"

enum {
    PEEK_MIN_MS = 1,  /* first pause between two looks; it doubles, */
    PEEK_MAX_MS = 64, /* up to this */
    SILENT_MS = 8,    /* a pause of this length follows a silence of nearly the same length */
};

/* --- messages --- */

static void take_failure(struct worker_link *link, const struct wire_head *head,
                         const struct payload *text, struct payload *details)
{
    static const enum fail_reason reasons[] = {
        [WIRE_KIND_MODULE] = FAIL_MODULE,
        [WIRE_KIND_UNAVAILABLE] = FAIL_UNAVAILABLE,
        [WIRE_KIND_TOO_LARGE] = FAIL_TOO_LARGE,
        [WIRE_KIND_UNFIT] = FAIL_UNAVAILABLE,
    };
    char message[WIRE_TEXT_MAX];
    size_t len = text ? payload_copy(text, 0, message, head->text_len) : 0;
    struct worker_answer answer = {
        .type = JOB_FAILED,
        .fail = reasons[head->kind],
        .unfit = head->kind == WIRE_KIND_UNFIT,
        .run_us = head->time_us,
        .retry_after_ms = head->kind == WIRE_KIND_MODULE ? head->retry_ms : 0,
        .code = head->kind == WIRE_KIND_MODULE ? head->name : NULL,
        .message = message,
        .message_len = len,
        .payload = details,
    };
    dispatcher_worker_answered(link->worker, &answer);
}

/* A job without a run has used nothing. */
static void note_usage(struct worker_link *link, const struct wire_head *head)
{
    if (!head->time_us)
        return;
    link->usage_job = head->job;
    link->usage = (struct job_usage){.cpu_us = head->cpu_us, .worker_rss = head->rss};
}

/* The output of a job is logged before the job ends. One look serves all answers of one read: the
 * output of their jobs was there before them. */
static void drain(struct worker_link *link)
{
    worker_output_drain(&link->output);
    link->drained_reads = link->workers->loop->reads;
}

/* The worker is not silent: its slots are looked at again soon. */
static void heard(struct worker_link *link)
{
    if (link->peek_ms > PEEK_MIN_MS && timer_is_set(&link->peek))
        timer_set_ms(workers_timers(link->workers), &link->peek, PEEK_MIN_MS);
    link->peek_ms = PEEK_MIN_MS;
}

/* The job may have ended since the header was checked. */
static bool is_current(const struct worker_link *link, const struct wire_head *head)
{
    return link->worker->job && link->worker->job->seq == head->job;
}

void worker_results_take_part(struct worker_link *link, const struct wire_head *head,
                              struct payload *payload)
{
    if (payload && is_current(link, head))
        dispatcher_part_arrived(link->worker, payload);
}

void worker_results_take(struct worker_link *link, const struct wire_head *head,
                         const struct payload *text, struct payload *payload)
{
    if (!is_current(link, head))
        return;
    if (link->drained_reads != link->workers->loop->reads)
        drain(link);
    worker_output_end_line(&link->output);
    heard(link);
    worker_claims_release(&link->process.claims, link->worker->job->run.tag);
    if (link->worker->job->asked.notify_usage)
        note_usage(link, head);
    if (head->type == WIRE_FAILED) {
        take_failure(link, head, text, payload);
        return;
    }
    struct worker_answer answer = {.type = JOB_DONE,
                                   .partly = head->kind == WIRE_DONE_PARTLY,
                                   .payload = payload,
                                   .run_us = head->time_us};
    dispatcher_worker_answered(link->worker, &answer);
}

/* --- slots --- */

/* Counts the worker's first jobs with results in slots. */
static size_t count_results(const struct worker_link *link)
{
    const struct job *job = link->worker->job, *next;
    size_t count = 1;
    if (!job || !worker_claims_has_answered(&link->process.claims, job->run.tag, job->seq))
        return 0;
    TAILQ_FOREACH (next, &link->worker->prefetched, links.waiting) {
        if (!worker_claims_has_answered(&link->process.claims, next->run.tag, next->seq))
            break;
        count++;
    }
    return count;
}

static void take_slot(struct worker_link *link, const struct job *job, const char *data, size_t len,
                      uint64_t run_us)
{
    struct worker_answer answer = {
        .type = JOB_DONE,
        .waited = true,
        .run_us = run_us,
        .payload = len ? payload_from(link->workers->loop->output, data, len) : NULL,
    };
    worker_output_end_line(&link->output);
    worker_claims_release(&link->process.claims, job->run.tag);
    dispatcher_worker_answered(link->worker, &answer);
    payload_unref(answer.payload);
}

/* Later results are left for the next time: their output is not logged yet. */
const char *worker_results_take_slots(struct worker_link *link)
{
    char data[WORKER_RESULT_MAX];
    uint64_t run_us;
    size_t len, count = count_results(link);
    const struct job *job;
    if (count) {
        drain(link);
        heard(link);
    }
    while (
        count-- && (job = link->worker->job) &&
        worker_claims_result(&link->process.claims, job->run.tag, job->seq, data, &len, &run_us)) {
        if (len > WORKER_RESULT_MAX)
            return "a result beyond its slot";
        take_slot(link, job, data, len, run_us);
    }
    return NULL;
}

void worker_results_watch(struct worker_link *link)
{
    if (timer_is_set(&link->peek))
        return;
    link->peek_ms = PEEK_MIN_MS;
    timer_set_ms(workers_timers(link->workers), &link->peek, PEEK_MIN_MS);
}

/* A worker on a long job may have left earlier results in slots without a message. */
const char *worker_results_peek(struct worker_link *link)
{
    link->peek_ms = link->peek_ms < PEEK_MAX_MS ? link->peek_ms * 2 : PEEK_MAX_MS;
    const char *fault = worker_results_take_slots(link);
    if (fault)
        return fault;
    if (link->peek_ms >= SILENT_MS)
        dispatcher_worker_silent(link->worker);
    if (link->worker->job)
        timer_set_ms(workers_timers(link->workers), &link->peek, link->peek_ms);
    return NULL;
}
