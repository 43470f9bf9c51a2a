/* control: the operator's requests: pools, workers, reload, drain. The answer has the fields of the
 * daemon's `ok`. */
#include "access/right.h"
#include "base/figures.h"
#include "common/xmalloc.h"
#include "gateway/api/api.h"
#include "gateway/api/forward.h"
#include "gateway/api/members.h"
#include "gateway/http/problem.h"

#include <stdlib.h>
#include <string.h>

/* --- answers --- */

/* What names the request says nothing to this client. */
static void respond_ok(struct http_exchange *exchange, const struct upstream_event *event)
{
    static const char *const left_out[] = {"event", "op", "id", "size"};
    json_t *ok = json_copy((json_t *)upstream_event_json(event));
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        json_object_del(ok, left_out[i]);
    char *text = figures_dump(ok);
    http_respond(exchange, 200, "application/json", text, strlen(text));
    free(text);
}

/* --- the body of a resize --- */

static const char *const sizes[] = {"pool_start", "pool_max", "job_max"};

static bool is_size(const char *name)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (strcmp(sizes[i], name) == 0)
            return true;
    return false;
}

/* The daemon looks at the range. False: the exchange was told. */
static bool check_size(struct http_exchange *exchange, const char *name, const json_t *value)
{
    if (!is_size(name))
        http_refuse(exchange, 400, "bad-request",
                    "member \"%.100s\" is unknown; expected pool_start, pool_max, job_max", name);
    else if (!json_is_integer(value) || json_integer_value(value) < 0)
        http_refuse(exchange, 400, "bad-request", "member %s is no integer from 0 on", name);
    else
        return true;
    return false;
}

static json_t *read_body(struct http_exchange *exchange)
{
    const struct payload *body = http_request(exchange)->body;
    size_t size = body ? body->size : 0;
    char *text = xmalloc(size + 1);
    size_t len = body ? payload_copy(body, 0, text, size) : 0;
    json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    return object;
}

static bool add_sizes(struct json_writer *json, struct http_exchange *exchange, json_t *object)
{
    const char *name;
    json_t *value;
    if (!json_is_object(object) || !json_object_size(object)) {
        http_refuse(exchange, 400, "bad-request",
                    "the body is no JSON object with pool_start, pool_max or job_max");
        return false;
    }
    json_object_foreach (object, name, value) {
        if (!check_size(exchange, name, value))
            return false;
        json_writer_uint(json, name, figures_get(value));
    }
    return true;
}

/* False: the exchange was told. */
static bool add_body(struct json_writer *json, struct http_exchange *exchange)
{
    json_t *object = read_body(exchange);
    bool is_fine = add_sizes(json, exchange, object);
    json_decref(object);
    return is_fine;
}

/* --- the path --- */

static bool add_pool(struct json_writer *json, struct http_exchange *exchange)
{
    json_writer_text(json, "pool", api_path_part(exchange));
    return true;
}

static bool add_pool_and_sizes(struct json_writer *json, struct http_exchange *exchange)
{
    return add_pool(json, exchange) && add_body(json, exchange);
}

static bool add_worker(struct json_writer *json, struct http_exchange *exchange)
{
    const char *id = api_path_part(exchange);
    size_t len = strspn(id, "0123456789");
    if (!len || id[len] || len > 9) {
        http_refuse(exchange, 404, "unknown-worker", "no worker has the id %s", id);
        return false;
    }
    json_writer_uint(json, "worker", strtoull(id, NULL, 10));
    return true;
}

/* --- requests --- */

/* `arg` of the route is its place in the table. */
struct order {
    const char *op;
    bool is_queues;
    /* Adds members beside those of the query; NULL: there are none. False: the exchange was told.
     */
    bool (*add)(struct json_writer *json, struct http_exchange *exchange);
};

enum {
    PAUSE,
    RESUME,
    RECYCLE,
    RESIZE,
    RECYCLE_WORKER,
    KILL_WORKER,
    RELOAD,
    DRAIN,
    QUEUE_PAUSE,
    QUEUE_RESUME,
    QUEUE_RELOAD,
    QUEUE_DRAIN
};

static const struct order orders[] = {
    [PAUSE] = {"pause", false, add_pool},
    [RESUME] = {"resume", false, add_pool},
    [RECYCLE] = {"recycle", false, add_pool},
    [RESIZE] = {"resize", false, add_pool_and_sizes},
    [RECYCLE_WORKER] = {"recycle", false, add_worker},
    [KILL_WORKER] = {"kill", false, add_worker},
    [RELOAD] = {"reload", false, NULL},
    [DRAIN] = {"drain", false, NULL},
    [QUEUE_PAUSE] = {"pause", true, NULL},
    [QUEUE_RESUME] = {"resume", true, NULL},
    [QUEUE_RELOAD] = {"reload", true, NULL},
    [QUEUE_DRAIN] = {"drain", true, NULL},
};

/* A reload is answered when it is decided. */
static uint32_t wait_ms(const struct order *order)
{
    return strcmp(order->op, "reload") == 0 ? 0 : INQUIRY_WAIT_MS;
}

static void run(struct http_exchange *exchange)
{
    const struct order *order = &orders[api_route_of(exchange)->arg];
    const struct api *api = api_of(exchange);
    struct json_writer json;
    members_open(&json);
    members_add_query(&json, exchange);
    if (!order->add || order->add(&json, exchange))
        forward_begin(exchange, order->is_queues ? api->queue : api->master,
                      &(struct inquiry_question){.op = order->op,
                                                 .members = json.text,
                                                 .members_len = json.len,
                                                 .wait_ms = wait_ms(order)},
                      respond_ok);
    free(json_writer_close(&json));
}

static const struct http_handler handler = {.run = run, .gone = forward_gone};

/* --- routes --- */

static const char *const fates[] = {"fail", "run", NULL};

static const struct api_parameter of_drain[] = {
    {"waiting", "The fate of waiting jobs.", NULL, API_WORD, 0, 0, fates}, {.name = NULL}};
static const struct api_parameter of_queue_pause[] = {
    {"module", "This module; without it all.", NULL, API_TEXT, 1, 64, NULL}, {.name = NULL}};

#define ORDER(order, how, where, takes, what)                                       \
    {                                                                               \
        .method = (how), .path = (where), .summary = (what), .rights = RIGHT_ADMIN, \
        .writes = true, .parameters = (takes), .handler = &handler, .arg = (order)  \
    }
#define POST(order, where, takes, what) ORDER(order, HTTP_POST, where, takes, what)

const struct api_route api_control_routes[] = {
    POST(PAUSE, "/v1/pools/{name}/pause", NULL, "No further job of the pool begins."),
    POST(RESUME, "/v1/pools/{name}/resume", NULL, "The end of a pause."),
    POST(RECYCLE, "/v1/pools/{name}/recycle", NULL, "Replaces the workers of the pool."),
    {.method = HTTP_PATCH,
     .path = "/v1/pools/{name}",
     .summary = "Other bounds of the pool, until the next reload.",
     .rights = RIGHT_ADMIN,
     .writes = true,
     .body = "{\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":false,"
             "\"properties\":{\"pool_start\":{\"type\":\"integer\",\"minimum\":0},"
             "\"pool_max\":{\"type\":\"integer\",\"minimum\":1},"
             "\"job_max\":{\"type\":\"integer\",\"minimum\":0}}}",
     .handler = &handler,
     .arg = RESIZE},
    POST(RECYCLE_WORKER, "/v1/workers/{id}/recycle", NULL, "Replaces a worker after its job."),
    ORDER(KILL_WORKER, HTTP_DELETE, "/v1/workers/{id}", NULL, "Kills a worker, and its job."),
    POST(RELOAD, "/v1/reload", NULL, "The master reads its settings again."),
    POST(DRAIN, "/v1/drain", of_drain, "The master ends after its jobs."),
    POST(QUEUE_PAUSE, "/v1/queue/pause", of_queue_pause, "Nothing is handed on any more."),
    POST(QUEUE_RESUME, "/v1/queue/resume", of_queue_pause, "The end of such a pause."),
    POST(QUEUE_RELOAD, "/v1/queue/reload", NULL, "The queue reads its settings again."),
    POST(QUEUE_DRAIN, "/v1/queue/drain", NULL, "The queue ends."),
    {.path = NULL},
};
