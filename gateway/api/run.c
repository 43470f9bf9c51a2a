/* run: see run.h. */
#include "gateway/api/run.h"

#include "common/xmalloc.h"
#include "gateway/api/outcome.h"
#include "gateway/api/report.h"
#include "gateway/api/submit.h"
#include "gateway/upstream/upstream.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

struct run {
    struct http_exchange *exchange;
    struct upstream_call call;
};

static struct run *run_of(struct upstream_call *call)
{
    return (struct run *)((char *)call - offsetof(struct run, call));
}

/* The job is admitted, and its end goes to a service. */
static void respond_accepted(struct http_exchange *exchange, const struct upstream_event *event)
{
    char job[HTTP_PART_MAX + 1] = "", text[HTTP_PART_MAX + 32];
    report_word(event, "job", job, sizeof job);
    int len = snprintf(text, sizeof text, "{\"job\":\"%s\"}", job);
    http_header(exchange, "Taskmaster-Job", job);
    http_exchange_label(exchange, job);
    http_respond(exchange, 202, "application/json", text, (size_t)len);
}

static void on_event(struct upstream_call *call, const struct upstream_event *event)
{
    struct run *run = run_of(call);
    if (!event->is_last)
        return;
    if (event->type == UPSTREAM_ACCEPTED)
        respond_accepted(run->exchange, event);
    else
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
    struct run *run = xcalloc(1, sizeof *run);
    run->exchange = submit->exchange;
    run->call.ops = &call_ops;
    submit_hand_on(run->exchange, &handler, run);
    if (!submit->options.for_service)
        json_writer_bool(&submit->members, "link", true);
    upstream_call(submit->upstream, &run->call, "submit", submit->members.text, submit->members.len,
                  http_request(run->exchange)->body);
}
