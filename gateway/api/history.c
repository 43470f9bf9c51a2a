/* history: GET /v1/history, the figures of the last hour. */
#include "gateway/history/history.h"
#include "access/right.h"
#include "gateway/api/api.h"
#include "gateway/api/query.h"

#include <stdlib.h>
#include <string.h>

static void run(struct http_exchange *exchange)
{
    char since[32] = "0";
    query_text(exchange, "since", since, sizeof since);
    char *text = history_json(api_of(exchange)->history, strtoull(since, NULL, 10));
    http_header(exchange, "Cache-Control", "no-store");
    http_respond(exchange, 200, "application/json", text, strlen(text));
    free(text);
}

static const struct http_handler handler = {.run = run};

static const struct api_parameter parameters[] = {
    {"since", "Only samples after this time, in milliseconds since 1970.", NULL, API_UINT, 0,
     UINT64_C(1) << 53, NULL},
    {.name = NULL}};

const struct api_route api_history_routes[] = {
    {.method = HTTP_GET,
     .path = "/v1/history",
     .summary = "The figures of the last hour, a sample every five seconds.",
     .rights = RIGHT_OBSERVE,
     .parameters = parameters,
     .handler = &handler},
    {.path = NULL},
};
