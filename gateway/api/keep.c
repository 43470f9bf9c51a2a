/*
 * keep: see keep.h.
 *
 * The submit is a detached one. Whoever waits for the outcome does so by a second request to the
 * queue: a client that goes takes nothing along, and after `wait` seconds the job is untouched.
 */
#include "gateway/api/keep.h"

#include "base/timers.h"
#include "common/xmalloc.h"
#include "gateway/api/outcome.h"
#include "gateway/api/report.h"
#include "gateway/api/slice.h"
#include "gateway/api/submit.h"
#include "gateway/upstream/upstream.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    JOB_MAX = 64,
    GRACE_MS = 2000, /* for the answer to a wait that is over */
};

struct keep {
    struct http_exchange *exchange; /* NULL: its client has gone */
    struct upstream *upstream;
    struct upstream_call call;
    struct timer late; /* the queue does not answer the wait */
    struct prefer prefer;
    bool is_joined;
    char job[JOB_MAX + 1]; /* "": not accepted yet */
};

static struct keep *keep_of(struct upstream_call *call)
{
    return (struct keep *)((char *)call - offsetof(struct keep, call));
}

static void respond_accepted(struct keep *keep)
{
    char text[JOB_MAX + 64];
    struct http_exchange *exchange = keep->exchange;
    submit_locate(exchange, keep->job);
    http_header(exchange, "Taskmaster-Job", keep->job);
    if (keep->prefer.respond_async)
        http_header(exchange, "Preference-Applied", "respond-async");
    int len = snprintf(text, sizeof text, "{\"job\":\"%s\",\"joined\":%s}", keep->job,
                       keep->is_joined ? "true" : "false");
    free(keep);
    http_respond(exchange, 202, "application/json", text, (size_t)len);
}

static void clear_late(struct keep *keep)
{
    if (keep->exchange)
        timer_clear(http_exchange_timers(keep->exchange), &keep->late);
}

static void on_late(void *arg)
{
    struct keep *keep = arg;
    upstream_forget(&keep->call, false);
    respond_accepted(keep);
}

static void wait_for_outcome(struct keep *keep)
{
    char members[JOB_MAX + 64];
    uint64_t slice_ms = slice_take(&keep->prefer.wait_ms);
    int len = snprintf(members, sizeof members, ",\"job\":\"%s\",\"timeout_ms\":%llu", keep->job,
                       (unsigned long long)slice_ms);
    timer_set_ms(http_exchange_timers(keep->exchange), &keep->late, slice_ms + GRACE_MS);
    upstream_call(keep->upstream, &keep->call, "wait", members, (size_t)len, NULL);
}

static void on_accepted(struct keep *keep, const struct upstream_event *event)
{
    const char *text;
    size_t len;
    if (!report_word(event, "job", keep->job, sizeof keep->job))
        snprintf(keep->job, sizeof keep->job, "?");
    http_exchange_label(keep->exchange, keep->job);
    keep->is_joined = upstream_event_member(event, "joined", &text, &len);
    if (keep->prefer.wait_ms)
        wait_for_outcome(keep);
    else
        respond_accepted(keep);
}

static void on_not_yet(struct keep *keep)
{
    if (keep->prefer.wait_ms)
        wait_for_outcome(keep);
    else
        respond_accepted(keep);
}

static bool is_error(const struct upstream_event *event, const char *word)
{
    char code[CODE_MAX + 1];
    return event->type == UPSTREAM_ERROR && report_word(event, "code", code, sizeof code) &&
           strcmp(code, word) == 0;
}

static void on_event(struct upstream_call *call, const struct upstream_event *event)
{
    struct keep *keep = keep_of(call);
    if (!event->is_last)
        return;
    clear_late(keep);
    if (!keep->exchange) {
        free(keep);
    } else if (event->type == UPSTREAM_ACCEPTED) {
        on_accepted(keep, event);
    } else if (is_error(event, "not-yet")) {
        on_not_yet(keep);
    } else if (*keep->job && is_error(event, "storage")) {
        respond_accepted(keep); /* it cannot be waited for now, and is kept all the same */
    } else {
        struct http_exchange *exchange = keep->exchange;
        free(keep);
        outcome_respond(exchange, event);
    }
}

static void on_lost(struct upstream_call *call, const char *why, bool begun)
{
    struct keep *keep = keep_of(call);
    clear_late(keep);
    if (*keep->job) { /* the queue has the job */
        respond_accepted(keep);
        return;
    }
    if (keep->exchange)
        outcome_lost(keep->exchange, why, begun);
    free(keep);
}

static const struct upstream_call_ops call_ops = {.event = on_event, .lost = on_lost};

/* A submit on its way is not withdrawn: its client may have gone for a new connection, to repeat it
 * with its key. */
static void on_gone(struct http_exchange *exchange)
{
    struct keep *keep = http_exchange_public(exchange)->arg;
    clear_late(keep);
    keep->exchange = NULL;
    if (!*keep->job)
        return;
    upstream_forget(&keep->call, false);
    free(keep);
}

static const struct http_handler handler = {.gone = on_gone};

void keep_start(struct submit *submit)
{
    struct keep *keep = xcalloc(1, sizeof *keep);
    keep->exchange = submit->exchange;
    keep->upstream = submit->upstream;
    keep->call.ops = &call_ops;
    timer_init(&keep->late, on_late, keep);
    keep->prefer = submit->prefer;
    submit_hand_on(keep->exchange, &handler, keep);
    json_writer_bool(&submit->members, "detach", true);
    upstream_call(submit->upstream, &keep->call, "submit", submit->members.text,
                  submit->members.len, http_request(keep->exchange)->body);
}
