/*
 * worker_results: what a worker answers for its jobs, on its way to the dispatcher: messages that
 * were read and checked, and the small results that it left in slots of the memory it shares with
 * the master (common/worker_page.h).
 */
#include "workers/workers_internal.h"

#include "common/wire.h"
#include "common/xmalloc.h"

#include <stdlib.h>

enum {
    PEEK_MIN_MS = 1,  /* how often a silent worker's slots are looked at, */
    PEEK_MAX_MS = 64, /* less and less often */
    SILENT_MS = 8,    /* nearly so long it has said nothing when the pause grows to that */
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
        .code = head->kind == WIRE_KIND_MODULE ? head->name : NULL,
        .message = message,
        .message_len = len,
        .payload = details,
    };
    dispatcher_worker_answered(link->workers->dispatcher, link->worker, &answer);
}

/* What a job printed is logged before it ends. One look after a read serves all answers that it
 * brought: what their jobs printed was there before. */
static void drain(struct worker_link *link)
{
    worker_output_drain(&link->output);
    link->drained_reads = link->workers->loop->reads;
}

/* It is not silent: its slots are looked at soon again. */
static void heard(struct worker_link *link)
{
    if (link->peek_ms > PEEK_MIN_MS && timer_is_set(&link->peek))
        timer_set_ms(workers_timers(link->workers), &link->peek, PEEK_MIN_MS);
    link->peek_ms = PEEK_MIN_MS;
}

void worker_results_take(struct worker_link *link, const struct wire_head *head,
                         const struct payload *text, struct payload *payload)
{
    /* The header was checked when it came; the job may have been ended since (by an abort). */
    if (!link->worker->job || link->worker->job->seq != head->job)
        return;
    if (link->drained_reads != link->workers->loop->reads)
        drain(link);
    worker_output_end_line(&link->output);
    heard(link);
    worker_claims_release(&link->process.claims, link->worker->job->run.tag);
    if (head->type == WIRE_FAILED) {
        take_failure(link, head, text, payload);
        return;
    }
    struct worker_answer answer = {.type = JOB_DONE, .payload = payload, .run_us = head->time_us};
    dispatcher_worker_answered(link->workers->dispatcher, link->worker, &answer);
}

/* --- slots --- */

/* How many of its jobs, the first ones, have their results in slots. */
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

/* Of those that are there at first: the output is looked at behind them. */
void worker_results_take_slots(struct worker_link *link)
{
    char data[WORKER_RESULT_MAX];
    size_t len, count = count_results(link);
    struct job *job;
    if (count) {
        drain(link);
        heard(link);
    }
    while (count-- && (job = link->worker->job) &&
           worker_claims_result(&link->process.claims, job->run.tag, job->seq, data, &len)) {
        if (len > WORKER_RESULT_MAX) {
            worker_link_break_off(link, "a result beyond its slot");
            return;
        }
        worker_output_end_line(&link->output);
        worker_claims_release(&link->process.claims, job->run.tag);
        struct worker_answer answer = {.type = JOB_DONE,
                                       .run_us = 1}; /* quick, or it were a message */
        if (len)
            answer.payload = payload_from(link->workers->loop->output, data, len);
        dispatcher_worker_answered(link->workers->dispatcher, link->worker, &answer);
        payload_unref(answer.payload);
    }
}

/* A worker that went on to a long job may have left results without a word. */
static void on_peek(void *arg)
{
    struct worker_link *link = arg;
    link->peek_ms = link->peek_ms < PEEK_MAX_MS ? link->peek_ms * 2 : PEEK_MAX_MS;
    worker_results_take_slots(link);
    if (link->peek_ms >= SILENT_MS)
        dispatcher_worker_silent(link->workers->dispatcher, link->worker);
    if (link->worker->job)
        timer_set_ms(workers_timers(link->workers), &link->peek, link->peek_ms);
}

void worker_results_init(struct worker_link *link)
{
    timer_init(&link->peek, on_peek, link);
}

void worker_results_watch(struct worker_link *link)
{
    if (timer_is_set(&link->peek))
        return;
    link->peek_ms = PEEK_MIN_MS;
    timer_set_ms(workers_timers(link->workers), &link->peek, PEEK_MIN_MS);
}
