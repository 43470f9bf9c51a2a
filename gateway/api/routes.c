/* routes: from a request to its handler, by the tables of all resources. */
#include "gateway/access/access.h"
#include "gateway/api/api.h"
#include "gateway/api/query.h"
#include "gateway/http/problem.h"
#include "gateway/upstream/upstream.h"

#include <stdio.h>
#include <string.h>

enum {
    BODY_MAX = 64 * 1024,           /* bytes of a body that is no job's payload */
    PAYLOAD_MAX_UNKNOWN = 16777216, /* of a payload, while no daemon has told its own limit */
    ALLOW_MAX = sizeof("GET, HEAD, POST, PUT, PATCH, DELETE"),
};

const struct api_route *api_route_of(struct http_exchange *exchange)
{
    return http_exchange_public(exchange)->route;
}

const char *api_path_part(struct http_exchange *exchange)
{
    return http_exchange_public(exchange)->part;
}

/* Copies the path's segment that stands for "{name}". Returns its length; 0: none, or too long. */
static size_t take_part(const char *path, char *part)
{
    size_t len = strcspn(path, "/");
    if (len > HTTP_PART_MAX)
        return 0;
    memcpy(part, path, len);
    part[len] = '\0';
    return len;
}

/* True if the path has the form of the row's; then `part` has the segment at the braces. */
static bool fits(const char *path, const char *form, char *part)
{
    while (*form) {
        size_t len = *form == '{' ? take_part(path, part) : *path == *form;
        if (!len)
            return false;
        path += len;
        form = *form == '{' ? strchr(form, '}') + 1 : form + 1;
    }
    return !*path;
}

struct search {
    struct http_exchange *exchange;
    const struct api_route *found;
    unsigned methods; /* a bit for each method of the path */
};

static void search_list(struct search *search, const struct api_route *route)
{
    struct http_exchange_public *public = http_exchange_public(search->exchange);
    char part[HTTP_PART_MAX + 1] = "";
    for (; route->path && !search->found; route++) {
        if (!fits(public->request.path, route->path, part))
            continue;
        search->methods |= 1u << route->method;
        if (route->method != public->request.method)
            continue;
        search->found = route;
        memcpy(public->part, part, sizeof(part));
    }
}

static void search_all(struct search *search, const struct api *api)
{
    for (const struct api_route *const *list = api->routes; *list && !search->found; list++)
        search_list(search, *list);
}

static void set_allow(struct http_exchange *exchange, unsigned methods)
{
    static const char *const names[] = {
        [HTTP_GET] = "GET, HEAD", [HTTP_POST] = "POST",     [HTTP_PUT] = "PUT",
        [HTTP_PATCH] = "PATCH",   [HTTP_DELETE] = "DELETE",
    };
    char allow[ALLOW_MAX] = "";
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (!(methods & 1u << i))
            continue;
        if (*allow)
            strcat(allow, ", ");
        strcat(allow, names[i]);
    }
    http_header(exchange, "Allow", allow);
}

static void refuse(const struct search *search)
{
    const struct http_request *request = http_request(search->exchange);
    if (!search->methods) {
        http_refuse(search->exchange, 404, "unknown-path",
                    "there is nothing at %.200s; doc/http.md has all paths", request->path);
        return;
    }
    set_allow(search->exchange, search->methods);
    http_refuse(search->exchange, 405, "method", "%.200s does not take %.20s", request->path,
                request->is_head ? "HEAD" : request->method_name);
}

static size_t larger(size_t max, const struct upstream *upstream)
{
    uint64_t its_max = upstream ? upstream_view(upstream).payload_max : 0;
    return its_max > max ? (size_t)its_max : max;
}

static size_t body_max(const struct api *api, const struct api_route *route)
{
    if (!route->has_payload)
        return BODY_MAX;
    size_t max = larger(larger(0, api->master), api->queue);
    return max ? max : PAYLOAD_MAX_UNKNOWN;
}

/* Whoever may ask for it, and rightly. */
static bool is_admitted(const struct api *api, struct http_exchange *exchange,
                        const struct api_route *route)
{
    return gateway_access_admit(api->access, exchange, route->writes, route->is_open) &&
           (!route->rights || gateway_access_allow(exchange, route->rights, NULL)) &&
           query_check(exchange, route->parameters);
}

const struct http_handler *api_route(void *arg, struct http_exchange *exchange)
{
    const struct api *api = arg;
    struct search search = {.exchange = exchange};
    search_all(&search, api);
    const struct api_route *route = search.found;
    if (!route) {
        if (gateway_access_admit(api->access, exchange, false, true)) /* is the Host ours? */
            refuse(&search);
        return NULL;
    }
    http_exchange_public(exchange)->route = route;
    http_exchange_public(exchange)->body_max = body_max(api, route);
    return is_admitted(api, exchange, route) ? route->handler : NULL;
}
