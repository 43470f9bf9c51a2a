/* session: GET /v1/session, who the user is and what he may do. */
#include "base/figures.h"
#include "gateway/access/access.h"
#include "gateway/api/api.h"
#include "gateway/upstream/upstream.h"

#include <taskmaster/version.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *list_rights(unsigned rights)
{
    json_t *list = json_array();
    for (unsigned right = 1; right <= RIGHTS_EVERY; right <<= 1)
        if (rights & right)
            json_array_append_new(list, json_string(right_name(right)));
    return list;
}

/* The names behind "module:"; null: there is no such limit. */
static json_t *list_modules(const struct grant *grant)
{
    json_t *list = json_array();
    for (char **limit = grant->limits; limit && *limit; limit++)
        if (strncmp(*limit, GRANT_MODULE, strlen(GRANT_MODULE)) == 0)
            json_array_append_new(list, json_string(*limit + strlen(GRANT_MODULE)));
    if (json_array_size(list))
        return list;
    json_decref(list);
    return json_null();
}

static void set_server(json_t *session, const char *key, const struct upstream *upstream)
{
    figures_set_text(session, key, upstream ? upstream_view(upstream).server : NULL);
}

static void run(struct http_exchange *exchange)
{
    const struct grant *grant = gateway_access_grant(exchange);
    const struct api *api = api_of(exchange);
    bool needs_token = gateway_access_asks_for_token(api->access);
    bool may_write = grant->rights & (RIGHT_SUBMIT | RIGHT_CONTROL | RIGHT_ADMIN);
    json_t *session = json_object();
    figures_set_text(session, "name", grant->name);
    json_object_set_new(session, "rights", list_rights(grant->rights));
    json_object_set_new(session, "modules", list_modules(grant));
    json_object_set_new(session, "read_only", json_boolean(!needs_token && !may_write));
    json_object_set_new(session, "needs_token", json_boolean(needs_token));
    json_object_set_new(session, "queue", json_boolean(api->queue));
    figures_set_text(session, "gateway", "taskmaster-http/" TASKMASTER_VERSION);
    set_server(session, "server", api->master);
    set_server(session, "queue_server", api->queue);
    char *text = figures_dump(session);
    http_header(exchange, "Cache-Control", "no-store");
    http_respond(exchange, 200, "application/json", text, strlen(text));
    free(text);
}

static const struct http_handler handler = {.run = run};

const struct api_route api_session_routes[] = {
    {.method = HTTP_GET,
     .path = "/v1/session",
     .summary = "Who the user of the request is, and what the user may do.",
     .handler = &handler},
    {.path = NULL},
};
