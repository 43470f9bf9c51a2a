/* await: see await.h. */
#include "gateway/api/await.h"

#include "base/json_writer.h"
#include "base/timers.h"
#include "common/xmalloc.h"
#include "gateway/api/fault.h"
#include "gateway/api/outcome.h"
#include "gateway/api/report.h"
#include "gateway/api/submit.h"
#include "gateway/http/problem.h"
#include "gateway/upstream/upstream.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct await {
    struct http_exchange *exchange;
    struct upstream_call monitor; /* on a connection of its own */
    struct timer limit;
    void (*too_long)(struct http_exchange *exchange);
    char job[HTTP_PART_MAX + 1];
};

static struct await *await_of(struct upstream_call *call)
{
    return (struct await *)((char *)call - offsetof(struct await, monitor));
}

static struct http_exchange *release(struct await *await)
{
    struct http_exchange *exchange = await->exchange;
    timer_clear(http_exchange_timers(exchange), &await->limit);
    upstream_forget(&await->monitor, false);
    free(await);
    return exchange;
}

static void on_limit(void *arg)
{
    struct await *await = arg;
    void (*too_long)(struct http_exchange *) = await->too_long;
    too_long(release(await));
}

static void respond_done(struct await *await)
{
    char text[HTTP_PART_MAX + 64];
    int len = snprintf(text, sizeof text, "{\"job\":\"%s\",\"state\":\"done\"}", await->job);
    http_header(await->exchange, "Taskmaster-Job", await->job);
    http_header(await->exchange, "Taskmaster-State", "done");
    http_respond(release(await), 200, "application/json", text, (size_t)len);
}

static void respond_failed(struct await *await, const struct upstream_event *event,
                           const char *reason)
{
    static const char *const members[] = {"job", "signal", "exit_status", "by", NULL};
    struct json_writer json;
    json_writer_open(&json);
    json.more = true; /* members stand before ours */
    report_members(&json, event, members);
    char *text = json_writer_close(&json);
    http_problem(release(await), &(struct http_problem){
                                     .status = fault_status(reason),
                                     .code = reason,
                                     .is_reason = true,
                                     .detail = "the job has ended without a result",
                                     .members = text,
                                     .members_len = strlen(text),
                                 });
    free(text);
}

/* `unknown`: the job had ended before the monitor began. */
static void respond_end(struct await *await, const struct upstream_event *event)
{
    char reason[64] = "unknown";
    report_word(event, "reason", reason, sizeof reason);
    if (strcmp(reason, "done") == 0)
        respond_done(await);
    else if (strcmp(reason, "unknown") == 0)
        http_refuse(release(await), 404, "unknown-job", "the job has ended");
    else
        respond_failed(await, event, reason);
}

static void on_event(struct upstream_call *call, const struct upstream_event *event)
{
    struct await *await = await_of(call);
    if (event->type == UPSTREAM_NEWS)
        respond_end(await, event);
    else if (event->type == UPSTREAM_ERROR)
        outcome_respond(release(await), event);
}

static void on_lost(struct upstream_call *call, const char *why, bool begun)
{
    (void)begun;
    outcome_lost(release(await_of(call)), why, false);
}

static const struct upstream_call_ops monitor_ops = {.event = on_event, .lost = on_lost};

static void on_gone(struct http_exchange *exchange)
{
    release(http_exchange_public(exchange)->arg);
}

static const struct http_handler handler = {.gone = on_gone};

void await_start(struct http_exchange *exchange, struct upstream *master, const char *job,
                 uint64_t wait_ms, void (*too_long)(struct http_exchange *exchange))
{
    struct await *await = xcalloc(1, sizeof *await);
    char members[HTTP_PART_MAX + 64];
    await->exchange = exchange;
    await->monitor.ops = &monitor_ops;
    await->too_long = too_long;
    snprintf(await->job, sizeof await->job, "%s", job);
    timer_init(&await->limit, on_limit, await);
    timer_set_ms(http_exchange_timers(exchange), &await->limit, wait_ms);
    submit_hand_on(exchange, &handler, await);
    int len = snprintf(members, sizeof members, ",\"ref\":1,\"job\":\"%s\"", job);
    upstream_stream(master, &await->monitor, "monitor", members, (size_t)len, NULL);
}
