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
    unsigned methods; /* a bit for each method of the path */
};

/* True: this row it is. */
static bool is_wanted(struct search *search, const struct api_route *route)
{
    struct http_exchange_public *public = http_exchange_public(search->exchange);
    char part[HTTP_PART_MAX + 1] = "";
    if (!fits(public->request.path, route->path, part))
        return false;
    search->methods |= 1u << route->method;
    if (route->method != public->request.method)
        return false;
    memcpy(public->part, part, sizeof part);
    return true;
}

static const struct api_route *search_list(struct search *search, const struct api_route *route)
{
    while (route->path && !is_wanted(search, route))
        route++;
    return route->path ? route : NULL;
}

static const struct api_route *search_all(struct search *search, const struct api *api)
{
    const struct api_route *found = NULL;
    for (const struct api_route *const *list = api->routes; *list && !found; list++)
        found = search_list(search, *list);
    return found;
}

static const char *method_name(enum http_method method)
{
    switch (method) {
    case HTTP_GET:
        return "GET, HEAD";
    case HTTP_POST:
        return "POST";
    case HTTP_PUT:
        return "PUT";
    case HTTP_PATCH:
        return "PATCH";
    default:
        return "DELETE";
    }
}

static void set_allow(struct http_exchange *exchange, unsigned methods)
{
    char allow[ALLOW_MAX] = "";
    size_t len = 0;
    for (unsigned i = HTTP_GET; i <= HTTP_DELETE; i++)
        if (methods & 1u << i)
            len += (size_t)snprintf(allow + len, sizeof allow - len, "%s%s", len ? ", " : "",
                                    method_name((enum http_method)i));
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
    const struct api_route *route = search_all(&search, api);
    if (!route) {
        if (gateway_access_admit(api->access, exchange, false, true)) /* is the Host ours? */
            refuse(&search);
        return NULL;
    }
    http_exchange_public(exchange)->route = route;
    http_exchange_public(exchange)->body_max = body_max(api, route);
    return is_admitted(api, exchange, route) ? route->handler : NULL;
}
