/* sampler: see sampler.h. */
#include "gateway/history/sampler.h"

#include "base/clock.h"
#include "common/xmalloc.h"
#include "gateway/history/history.h"
#include "gateway/upstream/inquiry.h"

#include <stdlib.h>

enum { FIRST_MS = 1000, ANSWER_MS = 4000 };

/* One daemon. */
struct sample {
    struct inquiry inquiry; /* its first member */
    struct sampler *sampler;
    struct upstream *upstream; /* NULL: there is none */
    json_t *stats;             /* owned; NULL: no answer */
    bool is_awaited;
};

struct sampler {
    struct timers *timers;
    struct timer next;
    struct history *history;
    struct sample master, queue;
};

static uint64_t wall_ms(void)
{
    return clock_read_us(CLOCK_REALTIME) / 1000;
}

/* Both have answered, or will not. */
static void take(struct sampler *sampler)
{
    if (sampler->master.is_awaited || sampler->queue.is_awaited)
        return;
    history_take(sampler->history, wall_ms(), sampler->master.stats, sampler->queue.stats);
    json_decref(sampler->master.stats);
    json_decref(sampler->queue.stats);
    sampler->master.stats = sampler->queue.stats = NULL;
}

static void on_answer(struct inquiry *inquiry, const struct upstream_event *event)
{
    struct sample *sample = (struct sample *)inquiry;
    sample->is_awaited = false;
    sample->stats = inquiry_read_payload(event);
    take(sample->sampler);
}

static void on_lost(struct inquiry *inquiry, const char *why)
{
    struct sample *sample = (struct sample *)inquiry;
    (void)why;
    sample->is_awaited = false;
    take(sample->sampler);
}

static void ask(struct sample *sample)
{
    static const struct inquiry_ops ops = {.answer = on_answer, .lost = on_lost};
    static const struct inquiry_question question = {.op = "stats", .wait_ms = ANSWER_MS};
    sample->is_awaited = sample->upstream;
    if (sample->upstream)
        inquiry_begin(&sample->inquiry, &ops, sample->upstream, sample->sampler->timers, &question);
}

/* The time of a sample without an answer is over by now. */
static void on_next(void *arg)
{
    struct sampler *sampler = arg;
    timer_set_ms(sampler->timers, &sampler->next, HISTORY_INTERVAL_MS);
    ask(&sampler->master);
    ask(&sampler->queue);
}

struct sampler *sampler_new(struct timers *timers, struct upstream *master, struct upstream *queue,
                            struct history *history)
{
    struct sampler *sampler = xcalloc(1, sizeof *sampler);
    sampler->timers = timers;
    sampler->history = history;
    sampler->master = (struct sample){.sampler = sampler, .upstream = master};
    sampler->queue = (struct sample){.sampler = sampler, .upstream = queue};
    timer_init(&sampler->next, on_next, sampler);
    timer_set_ms(timers, &sampler->next, FIRST_MS);
    return sampler;
}

void sampler_free(struct sampler *sampler)
{
    if (!sampler)
        return;
    timer_clear(sampler->timers, &sampler->next);
    inquiry_end(&sampler->master.inquiry);
    inquiry_end(&sampler->queue.inquiry);
    json_decref(sampler->master.stats);
    json_decref(sampler->queue.stats);
    free(sampler);
}
