/* forward: see forward.h. */
#include "gateway/api/forward.h"

#include "common/xmalloc.h"
#include "gateway/api/outcome.h"
#include "gateway/http/exchange.h"
#include "gateway/http/problem.h"

#include <stdlib.h>

struct forward {
    struct inquiry inquiry; /* its first member */
    struct http_exchange *exchange;
    forward_respond *respond;
};

/* Frees the forward; its exchange is to be answered. */
static struct http_exchange *release(struct forward *forward)
{
    struct http_exchange *exchange = forward->exchange;
    free(forward);
    return exchange;
}

static void on_answer(struct inquiry *inquiry, const struct upstream_event *event)
{
    struct forward *forward = (struct forward *)inquiry;
    forward_respond *respond = forward->respond;
    if (event->type == UPSTREAM_ERROR)
        outcome_respond(release(forward), event);
    else
        respond(release(forward), event);
}

/* None of these requests is harmed by another try. */
static void on_lost(struct inquiry *inquiry, const char *why)
{
    outcome_lost(release((struct forward *)inquiry), why, false);
}

void forward_begin(struct http_exchange *exchange, struct upstream *upstream,
                   const struct inquiry_question *question, forward_respond *respond)
{
    static const struct inquiry_ops ops = {.answer = on_answer, .lost = on_lost};
    if (!upstream) {
        http_refuse(exchange, 501, "no-queue", "there is no queue: queue-server is not set");
        return;
    }
    struct forward *forward = xmalloc(sizeof *forward);
    forward->exchange = exchange;
    forward->respond = respond;
    http_exchange_public(exchange)->arg = forward;
    inquiry_begin(&forward->inquiry, &ops, upstream, http_exchange_timers(exchange), question);
}

void forward_gone(struct http_exchange *exchange)
{
    struct forward *forward = http_exchange_public(exchange)->arg;
    inquiry_end(&forward->inquiry);
    free(forward);
}
