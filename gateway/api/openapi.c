/* openapi: GET /v1/openapi.json. */
#include "gateway/api/api.h"
#include "gateway/api/openapi_document.h"

#include <stdlib.h>
#include <string.h>

static void run(struct http_exchange *exchange)
{
    char *text = openapi_document(api_of(exchange)->routes);
    http_respond(exchange, 200, "application/json", text, strlen(text));
    free(text);
}

static const struct http_handler handler = {.run = run};

const struct api_route api_openapi_routes[] = {
    {.method = HTTP_GET,
     .path = "/v1/openapi.json",
     .summary = "This description.",
     .is_open = true,
     .handler = &handler},
    {.path = NULL},
};
