/*
 * follow: see follow.h.
 *
 * The monitor comes first, the status behind it: so the end of the job is not missed, and the
 * response begins only if there is a job.
 */
#include "gateway/api/follow.h"

#include "common/xmalloc.h"
#include "gateway/api/outcome.h"
#include "gateway/api/report.h"
#include "gateway/api/submit.h"
#include "gateway/api/teller.h"
#include "gateway/http/problem.h"
#include "gateway/upstream/upstream.h"

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_MS = 500 };

struct follow {
    struct http_exchange *exchange;
    struct upstream *master;
    struct upstream_call monitor; /* on a connection of its own */
    struct upstream_call status;
    bool is_asking; /* for the status */
    struct timer look;
    struct teller teller;
    bool has_begun;   /* the response */
    bool has_started; /* the job, as far as was told */
    char *progress;   /* JSON text of the last one told; NULL: none */
};

static struct follow *of_monitor(struct upstream_call *call)
{
    return (struct follow *)((char *)call - offsetof(struct follow, monitor));
}

static struct follow *of_status(struct upstream_call *call)
{
    return (struct follow *)((char *)call - offsetof(struct follow, status));
}

/* The stream has ended, or its client has gone. */
static void follow_free(struct follow *follow)
{
    timer_clear(http_exchange_timers(follow->exchange), &follow->look);
    upstream_forget(&follow->monitor, false);
    if (follow->is_asking)
        upstream_forget(&follow->status, false);
    teller_clear(&follow->teller);
    free(follow->progress);
    free(follow);
}

static void begin(struct follow *follow)
{
    if (follow->has_begun)
        return;
    follow->has_begun = true;
    teller_begin(&follow->teller, follow->exchange);
}

/* --- the job's state --- */

static void look_soon(struct follow *follow)
{
    timer_set_ms(http_exchange_timers(follow->exchange), &follow->look, LOOK_MS);
}

static void tell_start(struct follow *follow, const json_t *status)
{
    const char *state = json_string_value(json_object_get(status, "state"));
    if (follow->has_started || !state || strcmp(state, "waiting") == 0)
        return;
    follow->has_started = true;
    teller_say(&follow->teller, "started", "", false);
}

/* `age_ms` grows by itself, and is left out. */
static char *progress_of(const json_t *status)
{
    json_t *progress = json_copy(json_object_get(status, "progress"));
    json_object_del(progress, "age_ms");
    char *text = json_is_object(progress) ? json_dumps(progress, JSON_COMPACT) : NULL;
    json_decref(progress);
    return text;
}

/* As members, with a comma in the place of the brace. */
static void say_progress(struct follow *follow, char *text)
{
    text[0] = ',';
    text[strlen(text) - 1] = '\0';
    teller_say(&follow->teller, "progress", text, false);
}

static void tell_progress(struct follow *follow, const json_t *status)
{
    char *text = progress_of(status);
    if (!text || (follow->progress && strcmp(text, follow->progress) == 0)) {
        free(text);
        return;
    }
    free(follow->progress);
    follow->progress = xstrdup(text);
    say_progress(follow, text);
    free(text);
}

/* Nothing is lost by leaving a look out: the next one tells the same. */
static void tell_status(struct follow *follow, const json_t *status)
{
    if (sse_is_full(&follow->teller.sse))
        return;
    tell_start(follow, status);
    tell_progress(follow, status);
}

static void on_status(struct upstream_call *call, const struct upstream_event *event)
{
    struct follow *follow = of_status(call);
    follow->is_asking = false;
    look_soon(follow);
    if (event->type != UPSTREAM_ANSWER || !event->payload)
        return; /* it has ended: the monitor will tell */
    char *text = report_copy(event->payload, 0, event->payload->size);
    json_t *status = json_loads(text, 0, NULL);
    begin(follow);
    tell_status(follow, status);
    json_decref(status);
    free(text);
}

static void on_status_lost(struct upstream_call *call, const char *why, bool begun)
{
    (void)why, (void)begun;
    of_status(call)->is_asking = false;
    look_soon(of_status(call));
}

static const struct upstream_call_ops status_ops = {.event = on_status, .lost = on_status_lost};

static void on_look(void *arg)
{
    struct follow *follow = arg;
    char members[128];
    int len = snprintf(members, sizeof members, ",\"job\":\"%s\"", follow->teller.job);
    follow->is_asking = true;
    upstream_call(follow->master, &follow->status, "status", members, (size_t)len, NULL);
}

/* --- the job's end --- */

static void tell_end(struct follow *follow, const struct upstream_event *event, const char *reason)
{
    static const char *const members[] = {"reason", "signal", "exit_status", "by", NULL};
    bool is_done = strcmp(reason, "done") == 0;
    struct json_writer json;
    json_writer_open(&json);
    json.more = true;
    if (!is_done)
        report_members(&json, event, members);
    char *text = json_writer_close(&json);
    begin(follow);
    teller_say(&follow->teller, is_done ? "done" : "failed", text, true);
    free(text);
    sse_end(&follow->teller.sse);
    follow_free(follow);
}

/* `unknown`: the job had ended before the monitor began. */
static void on_down(struct follow *follow, const struct upstream_event *event)
{
    char reason[64] = "unknown";
    report_word(event, "reason", reason, sizeof reason);
    if (strcmp(reason, "unknown") != 0) {
        tell_end(follow, event, reason);
        return;
    }
    http_refuse(follow->exchange, 404, "unknown-job", "the job has ended");
    follow_free(follow);
}

static void on_monitor(struct upstream_call *call, const struct upstream_event *event)
{
    struct follow *follow = of_monitor(call);
    if (event->type == UPSTREAM_ANSWER) {
        on_look(follow);
    } else if (event->type == UPSTREAM_NEWS) {
        on_down(follow, event);
    } else {
        outcome_respond(follow->exchange, event);
        follow_free(follow);
    }
}

/* A torso, so that an EventSource asks again. */
static void on_monitor_lost(struct upstream_call *call, const char *why, bool begun)
{
    struct follow *follow = of_monitor(call);
    (void)begun;
    if (follow->has_begun) {
        sse_forget(&follow->teller.sse);
        http_stream_break(follow->exchange);
    } else {
        outcome_lost(follow->exchange, why, false);
    }
    follow_free(follow);
}

static const struct upstream_call_ops monitor_ops = {.event = on_monitor, .lost = on_monitor_lost};

/* --- the client --- */

static void on_gone(struct http_exchange *exchange)
{
    struct follow *follow = http_exchange_public(exchange)->arg;
    if (follow->has_begun)
        sse_forget(&follow->teller.sse);
    follow_free(follow);
}

static const struct http_handler handler = {.gone = on_gone};

void follow_start(struct http_exchange *exchange, struct upstream *master, const char *job)
{
    struct follow *follow = xcalloc(1, sizeof *follow);
    char members[128];
    follow->exchange = exchange;
    follow->master = master;
    follow->monitor.ops = &monitor_ops;
    follow->status.ops = &status_ops;
    snprintf(follow->teller.job, sizeof follow->teller.job, "%s", job);
    timer_init(&follow->look, on_look, follow);
    submit_hand_on(exchange, &handler, follow);
    int len = snprintf(members, sizeof members, ",\"ref\":1,\"job\":\"%s\"", job);
    upstream_stream(master, &follow->monitor, "monitor", members, (size_t)len, NULL);
}
