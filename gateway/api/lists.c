/* lists: what the daemons tell of their jobs, workers, clients and so on: their JSON, unchanged. */
#include "access/right.h"
#include "base/figures.h"
#include "gateway/api/api.h"
#include "gateway/api/forward.h"
#include "gateway/api/members.h"
#include "gateway/api/next_page.h"
#include "gateway/api/report.h"

#include <stdlib.h>
#include <string.h>

static const char media_type[] = "application/json";

/* --- answers --- */

static void respond_payload(struct http_exchange *exchange, const struct upstream_event *event)
{
    http_header(exchange, "Cache-Control", "no-store");
    http_respond_payload(exchange, 200, media_type, event->payload);
}

/* The place to go on from is a member of the header. */
static void respond_page(struct http_exchange *exchange, const struct upstream_event *event)
{
    char after[64];
    if (report_word(event, "after", after, sizeof after))
        next_page_link(exchange, after);
    respond_payload(exchange, event);
}

static void respond_pools(struct http_exchange *exchange, const struct upstream_event *event)
{
    json_t *stats = inquiry_read_payload(event);
    json_t *pools = json_incref(json_object_get(stats, "pools"));
    char *text = figures_dump(pools ? pools : json_object());
    json_decref(stats);
    http_header(exchange, "Cache-Control", "no-store");
    http_respond(exchange, 200, media_type, text, strlen(text));
    free(text);
}

/* --- requests --- */

/* A list of a daemon; `arg` of the route is its place in the table. */
struct list {
    const char *op;
    bool is_queues;
    forward_respond *respond;
};

enum {
    STATS,
    POOLS,
    WORKERS,
    MODULES,
    CRASHES,
    SERVICES,
    JOBS,
    CLIENTS,
    QUEUE_STATS,
    QUEUE_JOBS,
    QUEUE_JOB,
    QUEUE_CLIENTS,
    QUEUE_NODES
};

static const struct list lists[] = {
    [STATS] = {"stats", false, respond_payload},
    [POOLS] = {"stats", false, respond_pools},
    [WORKERS] = {"workers", false, respond_payload},
    [MODULES] = {"modules", false, respond_payload},
    [CRASHES] = {"crashes", false, respond_payload},
    [SERVICES] = {"services", false, respond_payload},
    [JOBS] = {"jobs", false, respond_page},
    [CLIENTS] = {"clients", false, respond_page},
    [QUEUE_STATS] = {"stats", true, respond_payload},
    [QUEUE_JOBS] = {"jobs", true, respond_page},
    [QUEUE_JOB] = {"status", true, respond_payload},
    [QUEUE_CLIENTS] = {"clients", true, respond_page},
    [QUEUE_NODES] = {"nodes", true, respond_payload},
};

static void run(struct http_exchange *exchange)
{
    const struct list *list = &lists[api_route_of(exchange)->arg];
    const struct api *api = api_of(exchange);
    struct json_writer json;
    members_open(&json);
    members_add_query(&json, exchange);
    if (*api_path_part(exchange))
        json_writer_text(&json, "job", api_path_part(exchange));
    forward_begin(exchange, list->is_queues ? api->queue : api->master,
                  &(struct inquiry_question){.op = list->op,
                                             .members = json.text,
                                             .members_len = json.len,
                                             .wait_ms = INQUIRY_WAIT_MS},
                  list->respond);
    free(json_writer_close(&json));
}

static const struct http_handler handler = {.run = run, .gone = forward_gone};

/* --- routes --- */

static const char *const states[] = {"waiting", "running", "stopping", NULL};
static const char *const queue_states[] = {"waiting",  "delayed", "handed", "running",
                                           "stopping", "done",    "failed", NULL};

#define MODULE                                                        \
    {                                                                 \
        "module", "Only of this module.", NULL, API_TEXT, 1, 64, NULL \
    }
#define OWNER                                                       \
    {                                                               \
        "owner", "Only of this owner.", NULL, API_TEXT, 1, 64, NULL \
    }
#define LIMIT                                                                 \
    {                                                                         \
        "limit", "Most items; 100 by default.", NULL, API_UINT, 1, 1000, NULL \
    }
#define AFTER                                                            \
    {                                                                    \
        "after", "The place to go on from.", NULL, API_TEXT, 1, 42, NULL \
    }

static const struct api_parameter of_jobs[] = {
    MODULE,
    {"pool", "Only of this pool.", NULL, API_TEXT, 1, 32, NULL},
    OWNER,
    {"state", "Only in this state.", NULL, API_WORD, 0, 0, states},
    {"client", "Only of this connection, by its id.", NULL, API_UINT, 1, UINT32_MAX, NULL},
    LIMIT,
    AFTER,
    {.name = NULL},
};
static const struct api_parameter of_queue_jobs[] = {
    MODULE,
    OWNER,
    {"state", "Only in this state.", NULL, API_WORD, 0, 0, queue_states},
    {"reason", "Only failed ones with this reason.", NULL, API_TEXT, 1, 32, NULL},
    LIMIT,
    AFTER,
    {.name = NULL},
};
static const struct api_parameter of_clients[] = {LIMIT, AFTER, {.name = NULL}};
static const struct api_parameter of_crashes[] = {MODULE, {.name = NULL}};

#define LIST(list, where, takes, what)                                                   \
    {                                                                                    \
        .method = HTTP_GET, .path = (where), .summary = (what), .rights = RIGHT_OBSERVE, \
        .parameters = (takes), .handler = &handler, .arg = (list)                        \
    }

const struct api_route api_lists_routes[] = {
    LIST(STATS, "/v1/stats", NULL, "The figures of the master."),
    LIST(POOLS, "/v1/pools", NULL, "The pools, with their workers, lines and figures."),
    LIST(WORKERS, "/v1/workers", NULL, "The workers."),
    LIST(MODULES, "/v1/modules", NULL, "The modules."),
    LIST(CRASHES, "/v1/crashes", of_crashes, "The last crashes, by fingerprint."),
    LIST(SERVICES, "/v1/services", NULL, "The registered services."),
    LIST(JOBS, "/v1/jobs", of_jobs, "The jobs that run or wait."),
    LIST(CLIENTS, "/v1/clients", of_clients, "The clients of the master."),
    LIST(QUEUE_STATS, "/v1/queue/stats", NULL, "The figures of the queue."),
    LIST(QUEUE_JOBS, "/v1/queue/jobs", of_queue_jobs, "The kept jobs."),
    LIST(QUEUE_JOB, "/v1/queue/jobs/{id}", NULL, "A kept job's status; of an ended one, too."),
    LIST(QUEUE_CLIENTS, "/v1/queue/clients", of_clients, "The clients of the queue."),
    LIST(QUEUE_NODES, "/v1/queue/nodes", NULL, "The nodes that work on the queue."),
    {.path = NULL},
};
