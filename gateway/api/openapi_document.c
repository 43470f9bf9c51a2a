/* openapi_document: see openapi_document.h. */
#include "gateway/api/openapi_document.h"

#include "access/right.h"
#include "base/figures.h"
#include "common/log.h"
#include "gateway/api/api.h"
#include "gateway/api/parameter.h"

#include <taskmaster/version.h>

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_LEN = 128, SENTENCE_MAX = 128 };

/* A text of ours as JSON. */
static json_t *parse(const char *text)
{
    json_t *value = json_loads(text, 0, NULL);
    bug_on(!value);
    return value;
}

/* --- parameters --- */

static json_t *describe_parameter(const char *name, const char *in, const char *about,
                                  json_t *schema)
{
    bool is_required = strcmp(in, "path") == 0;
    return json_pack("{sssssssbso}", "name", name, "in", in, "description", about, "required",
                     is_required, "schema", schema);
}

/* The segment in braces. */
static void add_path_parameter(json_t *list, const char *path)
{
    const char *open = strchr(path, '{'), *close = open ? strchr(open, '}') : NULL;
    char name[NAME_MAX_LEN];
    if (!close)
        return;
    snprintf(name, sizeof name, "%.*s", (int)(close - open - 1), open + 1);
    json_array_append_new(list, describe_parameter(name, "path", "What the request is about.",
                                                   parse("{\"type\":\"string\"}")));
}

static json_t *list_parameters(const struct api_route *route)
{
    json_t *list = json_array();
    add_path_parameter(list, route->path);
    for (const struct api_parameter *row = route->parameters; row && row->name; row++)
        json_array_append_new(
            list, describe_parameter(row->name, "query", row->about, parameter_schema(row)));
    return list;
}

/* --- operations --- */

static const char *method_key(enum http_method method)
{
    static const char *const keys[] = {
        [HTTP_GET] = "get",     [HTTP_HEAD] = "head",      [HTTP_POST] = "post",
        [HTTP_PUT] = "put",     [HTTP_PATCH] = "patch",    [HTTP_DELETE] = "delete",
        [HTTP_OTHER] = "trace", [HTTP_OPTIONS] = "options"};
    return keys[method];
}

/* "get_v1_jobs_id" */
static json_t *operation_id(const struct api_route *route)
{
    char id[NAME_MAX_LEN];
    size_t len = (size_t)snprintf(id, sizeof id, "%s", method_key(route->method));
    for (const char *at = route->path; *at && len < sizeof id - 1; at++) {
        bool is_letter = (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9');
        if (is_letter || (*at != '}' && id[len - 1] != '_'))
            id[len++] = is_letter ? *at : '_';
    }
    id[len] = '\0';
    return json_string(id);
}

static json_t *describe_rights(const struct api_route *route)
{
    char text[SENTENCE_MAX] = "Needs one of the rights";
    size_t len = strlen(text);
    for (unsigned right = 1; right <= RIGHTS_EVERY; right <<= 1)
        if (route->rights & right)
            len += (size_t)snprintf(text + len, sizeof text - len, " %s", right_name(right));
    snprintf(text + len, sizeof text - len, ".");
    return route->rights ? json_string(text) : NULL;
}

static json_t *describe_body(const struct api_route *route)
{
    if (route->has_payload)
        return parse("{\"description\":\"The job's payload: any bytes.\",\"content\":{"
                     "\"application/octet-stream\":{}}}");
    if (!route->body)
        return NULL;
    return json_pack("{sbs{s{so}}}", "required", 1, "content", "application/json", "schema",
                     parse(route->body));
}

static json_t *describe_responses(const struct api_route *route)
{
    static const char usual[] =
        "{\"200\":{\"description\":\"The answer.\",\"content\":{\"application/json\":{}}}}";
    json_t *responses = parse(route->responses ? route->responses : usual);
    json_object_set_new(responses, "default",
                        parse("{\"$ref\":\"#/components/responses/Problem\"}"));
    return responses;
}

/* NULL is left out. */
static void set(json_t *object, const char *key, json_t *value)
{
    if (value)
        json_object_set_new(object, key, value);
}

static json_t *describe_operation(const struct api_route *route)
{
    json_t *operation = json_object();
    set(operation, "operationId", operation_id(route));
    set(operation, "summary", json_string(route->summary));
    set(operation, "description", describe_rights(route));
    set(operation, "parameters", list_parameters(route));
    set(operation, "requestBody", describe_body(route));
    set(operation, "responses", describe_responses(route));
    if (route->is_open)
        set(operation, "security", json_array());
    return operation;
}

static void add_route(json_t *paths, const struct api_route *route)
{
    json_t *item = json_object_get(paths, route->path);
    if (!item) {
        item = json_object();
        json_object_set_new(paths, route->path, item);
    }
    json_object_set_new(item, method_key(route->method), describe_operation(route));
}

/* --- the whole --- */

static json_t *describe_paths(const struct api_route *const *lists)
{
    json_t *paths = json_object();
    for (; *lists; lists++)
        for (const struct api_route *route = *lists; route->path; route++)
            add_route(paths, route);
    return paths;
}

static json_t *describe_components(void)
{
    return parse("{\"securitySchemes\":{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"}},"
                 "\"schemas\":{\"Problem\":{\"type\":\"object\",\"description\":\"RFC 9457\","
                 "\"required\":[\"type\",\"title\",\"status\",\"detail\"],\"properties\":{"
                 "\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"
                 "\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},"
                 "\"code\":{\"type\":\"string\"},\"reason\":{\"type\":\"string\"},"
                 "\"step\":{\"type\":\"string\"},\"signal\":{\"type\":\"string\"},"
                 "\"job\":{\"type\":\"string\"},\"fingerprint\":{\"type\":\"string\"}}}},"
                 "\"responses\":{\"Problem\":{\"description\":\"A problem.\",\"content\":{"
                 "\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/"
                 "Problem\"}}}}}}");
}

char *openapi_document(const struct api_route *const *lists)
{
    json_t *document = json_object();
    set(document, "openapi", json_string("3.1.0"));
    set(document, "info",
        json_pack("{ssssss}", "title", "taskmaster-http", "version", TASKMASTER_VERSION,
                  "description", "Jobs over HTTP. doc/http.md is the normative text."));
    set(document, "servers", parse("[{\"url\":\"/\"}]"));
    /* A token is needed if there is an access-file. */
    set(document, "security", parse("[{\"token\":[]},{}]"));
    set(document, "paths", describe_paths(lists));
    set(document, "components", describe_components());
    return figures_dump(document);
}
