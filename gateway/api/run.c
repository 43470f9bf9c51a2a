/* run: see run.h. */
#include "gateway/api/run.h"

#include "common/xmalloc.h"
#include "gateway/api/outcome.h"
#include "gateway/api/submit.h"
#include "gateway/upstream/upstream.h"

#include <stddef.h>
#include <stdlib.h>

struct run {
    struct http_exchange *exchange;
    struct upstream_call call;
};

static struct run *run_of(struct upstream_call *call)
{
    return (struct run *)((char *)call - offsetof(struct run, call));
}

static void on_event(struct upstream_call *call, const struct upstream_event *event)
{
    struct run *run = run_of(call);
    if (!event->is_last)
        return;
    outcome_respond(run->exchange, event);
    free(run);
}

static void on_lost(struct upstream_call *call, const char *why, bool begun)
{
    struct run *run = run_of(call);
    outcome_lost(run->exchange, why, begun);
    free(run);
}

static const struct upstream_call_ops call_ops = {.event = on_event, .lost = on_lost};

static void on_gone(struct http_exchange *exchange)
{
    struct run *run = http_exchange_public(exchange)->arg;
    upstream_forget(&run->call, false);
    free(run);
}

static const struct http_handler handler = {.gone = on_gone};

void run_start(struct submit *submit)
{
    struct run *run = xcalloc(1, sizeof(*run));
    run->exchange = submit->exchange;
    run->call.ops = &call_ops;
    submit_hand_on(run->exchange, &handler, run);
    if (!submit->options.for_service)
        json_writer_bool(&submit->members, "link", true);
    submit_name_user(submit);
    upstream_call(submit->upstream, &run->call, "submit", submit->members.text, submit->members.len,
                  http_request(run->exchange)->body);
}
