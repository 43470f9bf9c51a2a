/* jobs: POST /v1/jobs. Which daemon takes the job, and how does its client hear of it? */
#include "gateway/access/access.h"
#include "gateway/api/api.h"
#include "gateway/api/keep.h"
#include "gateway/api/options.h"
#include "gateway/api/outcome.h"
#include "gateway/api/owner.h"
#include "gateway/api/run.h"
#include "gateway/api/stream.h"
#include "gateway/api/submit.h"
#include "gateway/http/accept.h"
#include "gateway/http/problem.h"
#include "gateway/upstream/upstream.h"

#include "common/xmalloc.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char key_header[] = "Idempotency-Key";

static bool accepts_events(struct http_exchange *exchange)
{
    bool twice;
    const char *accept = http_request_header(exchange, "Accept", &twice);
    return accept && accept_takes(accept, "text/event-stream");
}

static bool is_printable(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e)
            return false;
    return true;
}

/* The key may be NULL: none is given. */
static bool check_key(struct http_exchange *exchange, const char *key, bool twice)
{
    size_t room = owner_key_room(exchange);
    if (twice)
        http_refuse(exchange, 400, "bad-request", "header %s is given twice", key_header);
    else if (key && (!*key || strlen(key) > room || !is_printable(key)))
        http_refuse(exchange, 400, "bad-request",
                    "header %s is %zu bytes long; expected 1 to %zu printable characters of ASCII",
                    key_header, strlen(key), room);
    else
        return true;
    return false;
}

static void refuse_away(const struct submit *submit)
{
    char excuse[UPSTREAM_EXCUSE_MAX];
    upstream_excuse(submit->upstream, excuse, sizeof excuse);
    outcome_lost(submit->exchange, excuse, false);
}

/* Whether the user may run this module, and its daemon is there. */
static bool check_target(struct submit *submit)
{
    struct upstream_view view = upstream_view(submit->upstream);
    if (!gateway_access_allow(submit->exchange, RIGHT_SUBMIT, submit->options.module))
        return false;
    if (submit->wants_events && submit->options.for_service)
        http_refuse(submit->exchange, 400, "bad-request",
                    "service sends the job's end elsewhere: Accept cannot be text/event-stream");
    else if (!view.is_up && !view.is_awaited)
        refuse_away(submit);
    else
        return true;
    return false;
}

/* Fills the submit from the head of the request. False: the exchange was told. */
static bool prepare(struct submit *submit)
{
    bool twice;
    struct http_exchange *exchange = submit->exchange;
    const char *key = http_request_header(exchange, key_header, &twice);
    if (!check_key(exchange, key, twice))
        return false;
    submit->prefer = prefer_read(http_request_header(exchange, "Prefer", &twice));
    submit->is_kept = key || submit->prefer.respond_async || submit->prefer.has_wait;
    submit->wants_events = accepts_events(exchange);
    submit->upstream = submit->is_kept ? api_of(exchange)->queue : api_of(exchange)->master;
    if (!submit->upstream) {
        http_refuse(exchange, 501, "no-queue",
                    "Prefer and Idempotency-Key need a queue, and queue-server is not set");
        return false;
    }
    return options_read(exchange, submit->is_kept, &submit->options, &submit->members) &&
           check_target(submit);
}

static void submit_free(struct submit *submit)
{
    free(submit->members.text);
    free(submit);
}

static void on_begin(struct http_exchange *exchange)
{
    struct submit *submit = xcalloc(1, sizeof *submit);
    submit->exchange = exchange;
    http_exchange_public(exchange)->arg = submit;
    if (!prepare(submit))
        submit_free(submit);
}

static void start(struct submit *submit)
{
    bool twice;
    submit_add_user(submit, http_request_header(submit->exchange, key_header, &twice));
    if (submit->wants_events)
        stream_submit(submit);
    else if (submit->is_kept)
        keep_start(submit);
    else
        run_start(submit);
}

/* The daemon ends a connection whose payload is too large. */
static void go_on(struct submit *submit)
{
    const struct payload *body = http_request(submit->exchange)->body;
    uint64_t max = upstream_view(submit->upstream).payload_max;
    if (body && body->size > max)
        http_refuse(submit->exchange, 413, "payload-too-large",
                    "the payload has %zu bytes; the daemon takes %llu", body->size,
                    (unsigned long long)max);
    else
        start(submit);
    submit_free(submit);
}

/* --- before the first hello --- */

static struct submit *submit_of(struct upstream_call *ping)
{
    return (struct submit *)((char *)ping - offsetof(struct submit, ping));
}

static void on_pong(struct upstream_call *ping, const struct upstream_event *event)
{
    (void)event;
    go_on(submit_of(ping));
}

static void on_lost(struct upstream_call *ping, const char *why, bool begun)
{
    struct submit *submit = submit_of(ping);
    (void)begun;
    outcome_lost(submit->exchange, why, false);
    submit_free(submit);
}

/* Limits and rights stand in the daemon's hello: whatever depends on them waits for the first one.
 */
static void on_run(struct http_exchange *exchange)
{
    static const struct upstream_call_ops ops = {.event = on_pong, .lost = on_lost};
    struct submit *submit = http_exchange_public(exchange)->arg;
    submit->ping.ops = &ops;
    if (upstream_view(submit->upstream).server)
        go_on(submit);
    else
        upstream_call(submit->upstream, &submit->ping, "ping", "", 0, NULL);
}

static void on_gone(struct http_exchange *exchange)
{
    struct submit *submit = http_exchange_public(exchange)->arg;
    upstream_forget(&submit->ping, false);
    submit_free(submit);
}

static const struct http_handler handler = {.begin = on_begin, .run = on_run, .gone = on_gone};

static const char responses[] =
    "{\"200\":{\"description\":\"The job is done: its result, or its events.\",\"content\":"
    "{\"application/octet-stream\":{},\"text/event-stream\":{}}},"
    "\"202\":{\"description\":\"The job is accepted: Location has its address.\",\"content\":"
    "{\"application/json\":{}}}}";

const struct api_route api_jobs_routes[] = {
    {
        .method = HTTP_POST,
        .path = "/v1/jobs",
        .summary = "Submits a job; the body is its payload.",
        .writes = true,
        .has_payload = true,
        .parameters = options_parameters,
        .handler = &handler,
        .responses = responses,
    },
    {.path = NULL},
};
