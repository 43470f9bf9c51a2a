/* inquiries: see inquiries.h. */
#include "queue/inquiries.h"

#include "common/xmalloc.h"
#include "queue/master/ask.h"

#include <stdlib.h>
#include <string.h>

/* For the master's answer: it may hang. stats comes without its part then. */
enum { STATS_MS = 1000, ANSWER_MS = 10000 };

/* A question on its way. */
struct inquiry {
    struct inquiries *inquiries;
    struct queue_inquiry *of;
    struct master_ask ask;
    struct timer timer; /* the master is not waited for any longer */
};

/* Frees the record before the answer: the asker may ask again in the call. */
static void answer(struct inquiry *inquiry, const struct queue_inquiry_answer *answer)
{
    struct queue_inquiry *of = inquiry->of;
    timer_clear(inquiry->inquiries->timers, &inquiry->timer);
    free(inquiry);
    of->pending = NULL;
    of->answered(of, answer);
}

static void answer_stats(struct inquiry *inquiry, const struct payload *master)
{
    char *text = queue_report_stats(inquiry->inquiries->report, master);
    struct payload *payload = payload_from(inquiry->inquiries->output, text, strlen(text));
    free(text);
    answer(inquiry, &(struct queue_inquiry_answer){.payload = payload});
    payload_unref(payload);
}

static void on_answer(struct master_ask *ask, const struct master_answer *told)
{
    struct inquiry *inquiry = (struct inquiry *)((char *)ask - offsetof(struct inquiry, ask));
    if (inquiry->of->kind == INQUIRY_STATS)
        answer_stats(inquiry, told->payload);
    else
        answer(inquiry, &(struct queue_inquiry_answer){told->payload, told->code, told->message});
}

static void on_timer(void *arg)
{
    struct inquiry *inquiry = arg;
    master_ask_forget(&inquiry->ask);
    if (inquiry->of->kind == INQUIRY_STATS)
        answer_stats(inquiry, NULL);
    else
        answer(inquiry, &(struct queue_inquiry_answer){.code = "unavailable",
                                                       .message = "the master does not answer"});
}

static void ask_master(struct inquiries *inquiries, struct queue_inquiry *of)
{
    static const char *const names[] = {
        [INQUIRY_STATS] = "stats", [INQUIRY_WORKERS] = "workers", [INQUIRY_MODULES] = "modules"};
    struct inquiry *inquiry = xcalloc(1, sizeof *inquiry);
    *inquiry = (struct inquiry){
        .inquiries = inquiries, .of = of, .ask = {.op = names[of->kind], .answered = on_answer}};
    of->pending = inquiry;
    timer_init(&inquiry->timer, on_timer, inquiry);
    timer_set_ms(inquiries->timers, &inquiry->timer,
                 of->kind == INQUIRY_STATS ? STATS_MS : ANSWER_MS);
    master_link_ask(inquiries->link, &inquiry->ask);
}

static void ask(void *arg, struct queue_inquiry *of)
{
    struct inquiries *inquiries = arg;
    if (of->kind == INQUIRY_NODES)
        nodes_ask(inquiries->nodes, of);
    else
        ask_master(inquiries, of);
}

static void forget_master(struct inquiries *inquiries, struct queue_inquiry *of)
{
    struct inquiry *inquiry = of->pending;
    master_ask_forget(&inquiry->ask);
    timer_clear(inquiries->timers, &inquiry->timer);
    free(inquiry);
    of->pending = NULL;
}

static void forget(void *arg, struct queue_inquiry *of)
{
    struct inquiries *inquiries = arg;
    if (!of->pending)
        return;
    if (of->kind == INQUIRY_NODES)
        nodes_forget(inquiries->nodes, of);
    else
        forget_master(inquiries, of);
}

struct queue_inquiry_ops inquiries_ops(struct inquiries *inquiries)
{
    return (struct queue_inquiry_ops){.arg = inquiries, .ask = ask, .forget = forget};
}
