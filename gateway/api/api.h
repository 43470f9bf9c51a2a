/*
 * api: the requests of doc/http.md. Each resource has a file with its handlers and its routes; the
 * list of all is in all_routes.c. /v1/openapi.json is made from the same rows, so both are equal.
 */
#ifndef TASKMASTER_GATEWAY_API_API_H
#define TASKMASTER_GATEWAY_API_API_H

#include "gateway/api/readiness.h"
#include "gateway/http/exchange.h"
#include "gateway/metrics/metrics.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gateway_access;
struct history;
struct upstream;

enum api_daemon { API_MASTER, API_QUEUE, API_GATEWAY, API_DAEMONS };

/* What handlers work with; borrowed. http_exchange_owner() of each exchange. */
struct api {
    struct upstream *master;
    struct upstream *queue; /* NULL: no queue-server is set */
    struct gateway_access *access;
    struct history *history;                  /* the last hour of figures */
    struct metrics_start starts[API_DAEMONS]; /* for /metrics; zeros at first */
    struct readiness_known ready;             /* for /readyz; zeros at first */
    json_t *(*own_stats)(struct api *api);    /* the gateway's; the caller owns the object */
    struct payload_budget *output;
    const struct api_settings *settings;
    const struct api_route *const *routes; /* api_all_routes: the lists, then NULL */
};

static inline struct api *api_of(struct http_exchange *exchange)
{
    return http_exchange_owner(exchange);
}

enum api_parameter_kind {
    API_ANY,  /* the handler looks at the value; `schema` is for openapi.json */
    API_TEXT, /* `min` to `max` bytes */
    API_UINT, /* `min` to `max`, in digits only */
    API_WORD, /* one of `words` */
    API_FLAG, /* without a value */
};

/* A parameter of a request: for its check and for openapi.json. */
struct api_parameter {
    const char *name;
    const char *about;  /* one sentence */
    const char *schema; /* JSON Schema as text: "{\"type\":\"integer\",\"minimum\":1}"; NULL: made
                         * from the kind */
    enum api_parameter_kind kind;
    uint64_t min, max;
    const char *const *words; /* up to NULL */
};

struct api_route {
    enum http_method method;
    const char *path;    /* "/v1/jobs/{id}" */
    const char *summary; /* one sentence, for openapi.json */
    unsigned rights;     /* one of these is needed; 0: a route that looks for itself */
    bool writes;         /* refused for a foreign Origin, and on a read-only gateway */
    bool is_open;        /* no token is asked for: /healthz, the page */
    bool has_payload;    /* the body is a job's: as large as the daemons take */
    const struct api_parameter *parameters; /* of the query; up to a row without a name */
    const struct http_handler *handler;
    const char *body; /* JSON Schema of a body of JSON, as text; NULL: there is none */
    const char
        *responses; /* JSON text of openapi's `responses` but the problems; NULL: a default */
    int arg;        /* the handler's: rows of one handler differ by it */
};

/* The route of an exchange, and the part of its path that stands at {id} or {name}: borrowed from
 * the exchange. */
const struct api_route *api_route_of(struct http_exchange *exchange);
const char *api_path_part(struct http_exchange *exchange);

/* For http_server_ops: finds the route of an exchange. The request's user has the right of the row
 * and its parameters are known ones; otherwise the exchange is told, and NULL returned. */
const struct http_handler *api_route(void *api, struct http_exchange *exchange);

/* The list of a resource: rows up to one without a path. */
extern const struct api_route api_jobs_routes[], api_job_routes[], api_lists_routes[],
    api_control_routes[], api_watch_routes[], api_health_routes[], api_metrics_routes[],
    api_openapi_routes[], api_history_routes[], api_session_routes[], api_page_routes[];

/* All of them. Only the program's builder names it: a handler looks at api->routes. */
extern const struct api_route *const api_all_routes[];

#endif
