/*
 * watch: GET /v1/watch, each change in a daemon as a server-sent event.
 *
 * Each stream has a watch of its own. Of a client that does not read, the daemon is read no
 * further: it then leaves events out, and tells how many.
 */
#include "access/right.h"
#include "base/json_writer.h"
#include "common/xmalloc.h"
#include "gateway/api/api.h"
#include "gateway/api/members.h"
#include "gateway/api/outcome.h"
#include "gateway/api/query.h"
#include "gateway/api/report.h"
#include "gateway/http/problem.h"
#include "gateway/http/sse.h"
#include "gateway/upstream/upstream.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct watch {
    struct upstream_call call; /* its first member */
    struct upstream *upstream;
    struct http_exchange *exchange;
    struct sse sse;
    bool is_streaming;
    bool is_held;
};

static struct http_exchange *release(struct watch *watch)
{
    struct http_exchange *exchange = watch->exchange;
    free(watch);
    return exchange;
}

/* --- events --- */

static void begin(struct watch *watch)
{
    struct json_writer json;
    sse_begin(&watch->sse, watch->exchange);
    watch->is_streaming = true;
    json_writer_open(&json);
    json_writer_begin(&json, NULL, '{');
    json_writer_text(&json, "state", "begun");
    json_writer_text(&json, "boot", upstream_view(watch->upstream).boot);
    json_writer_end(&json, '}');
    sse_event(&watch->sse, "watch", NULL, json.text, json.len);
    free(json_writer_close(&json));
}

/* The line without the name of the daemon's event, which says the same of all. */
static void tell(struct watch *watch, const struct upstream_event *event)
{
    static const char first[] = "{\"event\":\"watch\",";
    char what[32];
    size_t skip = sizeof first - 1;
    if (!report_word(event, "what", what, sizeof what) || event->header_len <= skip ||
        memcmp(event->header, first, skip) != 0)
        return;
    char *data = xmalloc(event->header_len - skip + 1);
    *data = '{';
    memcpy(data + 1, event->header + skip, event->header_len - skip);
    sse_event(&watch->sse, what, NULL, data, event->header_len - skip + 1);
    free(data);
    watch->is_held = sse_is_full(&watch->sse);
    if (watch->is_held)
        upstream_hold(&watch->call);
}

static void on_event(struct upstream_call *call, const struct upstream_event *event)
{
    struct watch *watch = (struct watch *)call;
    if (event->type == UPSTREAM_ERROR)
        outcome_respond(release(watch), event);
    else if (event->type == UPSTREAM_ANSWER)
        begin(watch);
    else if (event->type == UPSTREAM_NEWS)
        tell(watch, event);
}

static void on_lost(struct upstream_call *call, const char *why, bool begun)
{
    struct watch *watch = (struct watch *)call;
    (void)begun;
    if (watch->is_streaming) {
        sse_end(&watch->sse);
        release(watch);
    } else {
        outcome_lost(release(watch), why, false);
    }
}

static void on_taken(struct http_exchange *exchange)
{
    struct watch *watch = http_exchange_public(exchange)->arg;
    if (!watch->is_held || sse_is_full(&watch->sse))
        return;
    watch->is_held = false;
    upstream_release(&watch->call);
}

static void on_gone(struct http_exchange *exchange)
{
    struct watch *watch = http_exchange_public(exchange)->arg;
    if (watch->is_streaming)
        sse_forget(&watch->sse);
    upstream_forget(&watch->call, false);
    release(watch);
}

/* --- the request --- */

enum { WHAT_MAX = 64 };

static const char *const all_of_master[] = {"jobs", "workers", "pools", "clients", NULL};
static const char *const all_of_queue[] = {"jobs", "clients", NULL};

static bool is_one_of(const char *const *words, const char *word, size_t len)
{
    for (; *words; words++)
        if (strlen(*words) == len && memcmp(*words, word, len) == 0)
            return true;
    return false;
}

static void add_word(struct json_writer *json, const char *word, size_t len)
{
    char text[WHAT_MAX];
    memcpy(text, word, len);
    text[len] = '\0';
    json_writer_text(json, NULL, text);
}

/* "jobs,pools". False: the exchange was told. */
static bool add_words(struct json_writer *json, struct http_exchange *exchange,
                      const char *const *words, const char *list)
{
    for (size_t len;; list += len + 1) {
        len = strcspn(list, ",");
        if (!is_one_of(words, list, len)) {
            http_refuse(exchange, 400, "bad-request",
                        "parameter what has \"%.*s\"; expected a list of jobs, workers, pools, "
                        "clients (of the queue jobs, clients), with commas between",
                        (int)len, list);
            return false;
        }
        add_word(json, list, len);
        if (!list[len])
            return true;
    }
}

static bool add_what(struct json_writer *json, struct http_exchange *exchange,
                     const char *const *words)
{
    char list[WHAT_MAX];
    bool is_fine = true;
    json_writer_begin(json, "what", '[');
    if (query_text(exchange, "what", list, sizeof list))
        is_fine = add_words(json, exchange, words, list);
    else
        for (; *words; words++)
            json_writer_text(json, NULL, *words);
    json_writer_end(json, ']');
    return is_fine;
}

static void add_text(struct json_writer *json, struct http_exchange *exchange, const char *name)
{
    char value[65];
    if (query_text(exchange, name, value, sizeof value))
        json_writer_text(json, name, value);
}

static void start(struct http_exchange *exchange, struct upstream *upstream,
                  const struct json_writer *json)
{
    static const struct upstream_call_ops ops = {.event = on_event, .lost = on_lost};
    struct watch *watch = xcalloc(1, sizeof *watch);
    watch->call.ops = &ops;
    watch->upstream = upstream;
    watch->exchange = exchange;
    http_exchange_public(exchange)->arg = watch;
    upstream_stream(upstream, &watch->call, "watch", json->text, json->len, NULL);
}

enum { OF_MASTER, OF_QUEUE }; /* `arg` of the routes */

static void run(struct http_exchange *exchange)
{
    bool is_queues = api_route_of(exchange)->arg == OF_QUEUE;
    struct upstream *upstream = is_queues ? api_of(exchange)->queue : api_of(exchange)->master;
    struct json_writer json;
    if (!upstream) {
        http_refuse(exchange, 501, "no-queue", "there is no queue: queue-server is not set");
        return;
    }
    members_open(&json);
    bool is_fine = add_what(&json, exchange, is_queues ? all_of_queue : all_of_master);
    add_text(&json, exchange, "module");
    add_text(&json, exchange, "pool");
    if (is_fine)
        start(exchange, upstream, &json);
    free(json_writer_close(&json));
}

static const struct http_handler handler = {.run = run, .gone = on_gone, .taken = on_taken};

#define WHAT                                                                                     \
    {                                                                                            \
        "what", "A list with commas between; all by default.",                                   \
            "{\"type\":\"array\",\"items\":{\"type\":\"string\",\"enum\":[\"jobs\",\"workers\"," \
            "\"pools\","                                                                         \
            "\"clients\"]}}",                                                                    \
            API_TEXT, 1, WHAT_MAX - 1, NULL                                                      \
    }
#define MODULE                                                               \
    {                                                                        \
        "module", "Only events of this module.", NULL, API_TEXT, 1, 64, NULL \
    }
#define RESPONSES                                                                            \
    "{\"200\":{\"description\":\"Server-sent events.\",\"content\":{\"text/event-stream\":{" \
    "\"schema\":{\"type\":\"string\"}}}}}"

static const struct api_parameter of_master[] = {
    WHAT,
    MODULE,
    {"pool", "Only events of this pool.", NULL, API_TEXT, 1, 32, NULL},
    {.name = NULL}};
static const struct api_parameter of_queue[] = {WHAT, MODULE, {.name = NULL}};

const struct api_route api_watch_routes[] = {
    {.method = HTTP_GET,
     .path = "/v1/watch",
     .summary = "Each change of jobs, workers, pools and clients, as server-sent events.",
     .rights = RIGHT_OBSERVE,
     .parameters = of_master,
     .handler = &handler,
     .responses = RESPONSES,
     .arg = OF_MASTER},
    {.method = HTTP_GET,
     .path = "/v1/queue/watch",
     .summary = "Each change of kept jobs and of the queue's clients, as server-sent events.",
     .rights = RIGHT_OBSERVE,
     .parameters = of_queue,
     .handler = &handler,
     .responses = RESPONSES,
     .arg = OF_QUEUE},
    {.path = NULL},
};
