/* inquiry: see inquiry.h. */
#include "gateway/upstream/inquiry.h"

#include "common/xmalloc.h"

#include <stddef.h>
#include <stdlib.h>

static struct inquiry *inquiry_of(struct upstream_call *call)
{
    return (struct inquiry *)((char *)call - offsetof(struct inquiry, call));
}

static void on_event(struct upstream_call *call, const struct upstream_event *event)
{
    struct inquiry *inquiry = inquiry_of(call);
    timer_clear(inquiry->timers, &inquiry->late);
    inquiry->ops->answer(inquiry, event);
}

static void on_lost(struct upstream_call *call, const char *why, bool begun)
{
    struct inquiry *inquiry = inquiry_of(call);
    (void)begun;
    timer_clear(inquiry->timers, &inquiry->late);
    inquiry->ops->lost(inquiry, why);
}

static void on_late(void *arg)
{
    struct inquiry *inquiry = arg;
    upstream_forget(&inquiry->call, false);
    inquiry->ops->lost(inquiry, "the daemon does not answer");
}

void inquiry_begin(struct inquiry *inquiry, const struct inquiry_ops *ops,
                   struct upstream *upstream, struct timers *timers,
                   const struct inquiry_question *question)
{
    static const struct upstream_call_ops call_ops = {.event = on_event, .lost = on_lost};
    *inquiry = (struct inquiry){.ops = ops, .call = {.ops = &call_ops}, .timers = timers};
    timer_init(&inquiry->late, on_late, inquiry);
    if (question->wait_ms)
        timer_set_ms(timers, &inquiry->late, question->wait_ms);
    upstream_call(upstream, &inquiry->call, question->op,
                  question->members ? question->members : "", question->members_len, NULL);
}

void inquiry_end(struct inquiry *inquiry)
{
    if (!inquiry->timers)
        return;
    timer_clear(inquiry->timers, &inquiry->late);
    upstream_forget(&inquiry->call, false);
}

json_t *inquiry_read_payload(const struct upstream_event *event)
{
    if (!event->payload)
        return NULL;
    char *text = xmalloc(event->payload->size + 1);
    size_t len = payload_copy(event->payload, 0, text, event->payload->size);
    json_t *json = json_loadb(text, len, 0, NULL);
    free(text);
    return json;
}
