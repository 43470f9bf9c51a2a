/*
 * job: one job, by its id: status and outcome, cancel, retry, forget, events.
 *
 * The daemons know the gateway and not its users. So the status of the job comes first: it tells
 * whose the job is, and a user without the right for other people's jobs is let through for their
 * own. Then comes the request itself.
 */
#include "common/name.h"
#include "common/xmalloc.h"
#include "gateway/access/access.h"
#include "gateway/api/api.h"
#include "gateway/api/await.h"
#include "gateway/api/follow.h"
#include "gateway/api/outcome.h"
#include "gateway/api/owner.h"
#include "gateway/api/prefer.h"
#include "gateway/api/query.h"
#include "gateway/api/report.h"
#include "gateway/api/slice.h"
#include "gateway/api/stream.h"
#include "gateway/api/submit.h"
#include "gateway/api/teller.h"
#include "gateway/http/problem.h"
#include "gateway/upstream/inquiry.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MAX_S = 2147483 }; /* as milliseconds, the most that a daemon takes */

/* The `arg` of routes. */
enum request {
    REQUEST_GET,
    REQUEST_EVENTS,
    REQUEST_CANCEL,
    REQUEST_KILL,
    REQUEST_RETRY,
    REQUEST_FORGET,
};

struct ask;

/* What is asked for. */
struct action {
    unsigned rights;  /* one of these is needed for other people's jobs */
    const char *op;   /* the daemon's request */
    bool is_for_kept; /* the master does not have it */
    /* In the place of `op`: goes on from the status. */
    void (*go_on)(struct ask *ask, const json_t *status, struct payload *payload);
};

struct ask {
    struct http_exchange *exchange;
    struct upstream *upstream;
    struct upstream_call call;
    struct timer late; /* the end of the patience with the daemon */
    const struct action *action;
    bool is_kept;
    bool is_status;   /* the call is for the status, */
    bool has_waited;  /* and the answer is it */
    uint64_t wait_ms; /* what is left of the wait for the outcome */
    char job[HTTP_PART_MAX + 1];
};

static struct ask *ask_of(struct upstream_call *call)
{
    return (struct ask *)((char *)call - offsetof(struct ask, call));
}

/* The exchange is to be answered, or goes on with another handler. */
static struct http_exchange *release(struct ask *ask)
{
    struct http_exchange *exchange = ask->exchange;
    timer_clear(http_exchange_timers(exchange), &ask->late);
    free(ask);
    return exchange;
}

/* None of these requests is harmed by another try. */
static void on_late(void *arg)
{
    struct ask *ask = arg;
    const char *why = ask->is_kept ? "the queue does not answer" : "the master does not answer";
    upstream_forget(&ask->call, false);
    outcome_lost(release(ask), why, false);
}

/* The daemon may take its time for `wait_ms`. */
static void send_request(struct ask *ask, const char *op, const char *more, uint64_t wait_ms)
{
    char members[HTTP_PART_MAX + 128];
    int len = snprintf(members, sizeof members, ",\"job\":\"%s\"%s", ask->job, more);
    timer_set_ms(http_exchange_timers(ask->exchange), &ask->late, INQUIRY_WAIT_MS + wait_ms);
    upstream_call(ask->upstream, &ask->call, op, members, (size_t)len, NULL);
}

static void send_status(struct ask *ask)
{
    ask->is_status = true;
    send_request(ask, "status", "", 0);
}

static const char *state_of(const json_t *status)
{
    const char *state = json_string_value(json_object_get(status, "state"));
    return state ? state : "unknown";
}

/* --- status and outcome --- */

static void respond_status(struct ask *ask, const json_t *status, struct payload *payload)
{
    struct http_exchange *exchange = ask->exchange;
    http_header(exchange, "Taskmaster-Job", ask->job);
    http_header(exchange, "Taskmaster-State", state_of(status));
    http_respond_payload(release(ask), 202, "application/json", payload);
}

static void send_wait(struct ask *ask)
{
    char more[64];
    uint64_t slice_ms = slice_take(&ask->wait_ms);
    snprintf(more, sizeof more, ",\"timeout_ms\":%llu", (unsigned long long)slice_ms);
    ask->has_waited = true;
    send_request(ask, "wait", more, slice_ms);
}

static void start_again(struct http_exchange *exchange);

static void go_on_get(struct ask *ask, const json_t *status, struct payload *payload)
{
    bool has_ended = json_is_object(json_object_get(status, "outcome"));
    if (ask->has_waited || (!has_ended && !ask->wait_ms)) {
        respond_status(ask, status, payload);
    } else if (ask->is_kept) {
        send_wait(ask);
    } else {
        await_start(ask->exchange, ask->upstream, ask->job, ask->wait_ms, start_again);
        release(ask);
    }
}

/* --- events --- */

static void go_on_events(struct ask *ask, const json_t *status, struct payload *payload)
{
    (void)payload;
    if (ask->is_kept)
        stream_wait(ask->exchange, ask->upstream, ask->job,
                    strcmp(state_of(status), "running") == 0);
    else
        follow_start(ask->exchange, ask->upstream, ask->job);
    release(ask);
}

/* --- answers --- */

static void go_on(struct ask *ask, const json_t *status, struct payload *payload)
{
    ask->is_status = false;
    if (ask->action->go_on)
        ask->action->go_on(ask, status, payload);
    else
        send_request(ask, ask->action->op, "", 0);
}

/* An outcome needs the right `control`, as the queue's `wait` does. */
static unsigned rights_for(const struct ask *ask)
{
    bool tells_outcome = ask->is_kept && ask->action->go_on;
    return tells_outcome ? RIGHT_CONTROL : ask->action->rights;
}

static void take_status(struct ask *ask, struct payload *payload)
{
    char *text = report_copy(payload, 0, payload->size);
    json_t *status = json_loads(text, 0, NULL);
    if (owner_has(ask->exchange, status, ask->is_kept) ||
        gateway_access_allow(ask->exchange, rights_for(ask), NULL))
        go_on(ask, status, payload);
    else
        release(ask); /* it was told 403 */
    json_decref(status);
    free(text);
}

/* The answer `ok` of a cancel, retry or forget. */
static void respond_ok(struct ask *ask, const struct upstream_event *event)
{
    static const char *const members[] = {"state", "count", NULL};
    struct json_writer json;
    json_writer_open(&json);
    json_writer_begin(&json, NULL, '{');
    json_writer_text(&json, "job", ask->job);
    report_members(&json, event, members);
    json_writer_end(&json, '}');
    char *text = json_writer_close(&json);
    http_respond(release(ask), 200, "application/json", text, strlen(text));
    free(text);
}

static bool is_not_yet(const struct ask *ask, const struct upstream_event *event)
{
    char code[32];
    return ask->has_waited && event->type == UPSTREAM_ERROR &&
           report_word(event, "code", code, sizeof code) && strcmp(code, "not-yet") == 0;
}

static void on_not_yet(struct ask *ask)
{
    if (ask->wait_ms)
        send_wait(ask);
    else
        send_status(ask);
}

static void on_event(struct upstream_call *call, const struct upstream_event *event)
{
    struct ask *ask = ask_of(call);
    if (!event->is_last)
        return;
    if (is_not_yet(ask, event))
        on_not_yet(ask);
    else if (event->type != UPSTREAM_ANSWER)
        outcome_respond(release(ask), event);
    else if (ask->is_status && event->payload)
        take_status(ask, event->payload);
    else
        respond_ok(ask, event);
}

/* A wait that is lost ends with the status of its job. */
static void on_lost(struct upstream_call *call, const char *why, bool begun)
{
    struct ask *ask = ask_of(call);
    (void)begun;
    if (ask->has_waited && !ask->is_status)
        send_status(ask);
    else
        outcome_lost(release(ask), why, false);
}

static const struct upstream_call_ops call_ops = {.event = on_event, .lost = on_lost};

static void on_gone(struct http_exchange *exchange)
{
    struct ask *ask = http_exchange_public(exchange)->arg;
    upstream_forget(&ask->call, false);
    release(ask);
}

static const struct http_handler ask_handler = {.gone = on_gone};

/* --- requests --- */

static const struct action actions[] = {
    [REQUEST_GET] = {.rights = RIGHT_OBSERVE, .go_on = go_on_get},
    [REQUEST_EVENTS] = {.rights = RIGHT_OBSERVE, .go_on = go_on_events},
    [REQUEST_CANCEL] = {.rights = RIGHT_CONTROL, .op = "cancel"},
    [REQUEST_KILL] = {.rights = RIGHT_CONTROL, .op = "kill"},
    [REQUEST_RETRY] = {.rights = RIGHT_CONTROL, .op = "retry", .is_for_kept = true},
    [REQUEST_FORGET] = {.rights = RIGHT_CONTROL, .op = "forget", .is_for_kept = true},
};

/* The queue's ids are a q and a number. The master's have a hyphen, and may begin with q, too. */
static bool is_kept_id(const char *job)
{
    return *job == 'q' && !strchr(job, '-');
}

/* The daemon that has the job; NULL: the exchange was told. */
static struct upstream *find_upstream(struct http_exchange *exchange, const struct action *action)
{
    const char *job = api_path_part(exchange);
    const struct api *api = api_of(exchange);
    bool is_kept = is_kept_id(job);
    if (!service_name_valid(job, strlen(job)) || (action->is_for_kept && !is_kept))
        http_refuse(exchange, 404, "unknown-job", "there is no such %sjob: %s",
                    action->is_for_kept ? "kept " : "", job);
    else if (is_kept && !api->queue)
        http_refuse(exchange, 501, "no-queue", "%s is a kept job, and queue-server is not set",
                    job);
    else
        return is_kept ? api->queue : api->master;
    return NULL;
}

static struct ask *ask_new(struct http_exchange *exchange, struct upstream *upstream,
                           const struct action *action)
{
    struct ask *ask = xcalloc(1, sizeof *ask);
    ask->exchange = exchange;
    ask->upstream = upstream;
    ask->call.ops = &call_ops;
    ask->action = action;
    timer_init(&ask->late, on_late, ask);
    snprintf(ask->job, sizeof ask->job, "%s", api_path_part(exchange));
    ask->is_kept = is_kept_id(ask->job);
    http_exchange_label(exchange, ask->job);
    submit_hand_on(exchange, &ask_handler, ask);
    return ask;
}

static const struct action *action_of(struct http_exchange *exchange)
{
    int request = api_route_of(exchange)->arg;
    if (request == REQUEST_CANCEL && query_has(exchange, "kill"))
        request = REQUEST_KILL;
    return &actions[request];
}

/* The wait is over: the status is the answer. */
static void start_again(struct http_exchange *exchange)
{
    struct ask *ask = ask_new(exchange, api_of(exchange)->master, action_of(exchange));
    ask->has_waited = true;
    send_status(ask);
}

/* An EventSource connects again after the last event; 204 tells it not to. */
static bool is_over(struct http_exchange *exchange, const struct action *action)
{
    bool twice;
    const char *last = http_request_header(exchange, "Last-Event-ID", &twice);
    if (action != &actions[REQUEST_EVENTS] || !last || strcmp(last, TELLER_LAST_ID) != 0)
        return false;
    http_respond(exchange, 204, NULL, "", 0);
    return true;
}

static void on_run(struct http_exchange *exchange)
{
    char wait[16];
    const struct action *action = action_of(exchange);
    struct upstream *upstream = find_upstream(exchange, action);
    if (!upstream || is_over(exchange, action))
        return;
    struct ask *ask = ask_new(exchange, upstream, action);
    if (query_text(exchange, "wait", wait, sizeof wait))
        prefer_seconds(wait, &ask->wait_ms); /* its row has checked it */
    if (action->go_on || !(gateway_access_grant(exchange)->rights & action->rights))
        send_status(ask);
    else
        send_request(ask, action->op, "", 0);
}

static const struct http_handler handler = {.run = on_run};

static const struct api_parameter get_parameters[] = {
    {"wait", "How many seconds to wait for the outcome.", .kind = API_UINT, .max = WAIT_MAX_S},
    {.name = NULL},
};

static const struct api_parameter cancel_parameters[] = {
    {"kill", "Stops a running job at once.", .kind = API_FLAG},
    {.name = NULL},
};

static const char get_responses[] =
    "{\"200\":{\"description\":\"The job is done: its result.\",\"content\":"
    "{\"application/octet-stream\":{}}},"
    "\"202\":{\"description\":\"The job has not ended: its status.\",\"content\":"
    "{\"application/json\":{}}}}";

static const char events_responses[] =
    "{\"200\":{\"description\":\"The events of the job until its end.\",\"content\":"
    "{\"text/event-stream\":{}}},"
    "\"204\":{\"description\":\"The client has seen the last event.\"}}";

const struct api_route api_job_routes[] = {
    {
        .method = HTTP_GET,
        .path = "/v1/jobs/{id}",
        .summary = "The outcome of a job, or its status.",
        .parameters = get_parameters,
        .handler = &handler,
        .responses = get_responses,
        .arg = REQUEST_GET,
    },
    {
        .method = HTTP_DELETE,
        .path = "/v1/jobs/{id}",
        .summary = "Cancels a job.",
        .writes = true,
        .parameters = cancel_parameters,
        .handler = &handler,
        .arg = REQUEST_CANCEL,
    },
    {
        .method = HTTP_GET,
        .path = "/v1/jobs/{id}/events",
        .summary = "The events of a job, as server-sent events.",
        .handler = &handler,
        .responses = events_responses,
        .arg = REQUEST_EVENTS,
    },
    {
        .method = HTTP_POST,
        .path = "/v1/jobs/{id}/retry",
        .summary = "Runs a failed kept job again.",
        .writes = true,
        .handler = &handler,
        .arg = REQUEST_RETRY,
    },
    {
        .method = HTTP_POST,
        .path = "/v1/jobs/{id}/forget",
        .summary = "Throws the outcome of a kept job away.",
        .writes = true,
        .handler = &handler,
        .arg = REQUEST_FORGET,
    },
    {.path = NULL},
};
