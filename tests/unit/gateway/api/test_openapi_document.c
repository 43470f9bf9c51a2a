/* test_openapi_document: the description of routes. The whole of the program's own is held equal to
 * it by tests/integration/test_http_openapi.py. */
#include "access/right.h"
#include "gateway/api/api.h"
#include "gateway/api/openapi_document.h"

#include "tests/unit/support.h"

#include <jansson.h>

static const struct api_parameter parameters[] = {
    {"limit", "Most items.", NULL, API_UINT, 1, 10, NULL}, {.name = NULL}};

static const struct api_route first[] = {
    {.method = HTTP_GET,
     .path = "/v1/things/{id}",
     .summary = "A thing.",
     .rights = RIGHT_OBSERVE | RIGHT_CONTROL,
     .parameters = parameters},
    {.method = HTTP_DELETE,
     .path = "/v1/things/{id}",
     .summary = "No thing.",
     .responses = "{\"204\":{\"description\":\"Gone.\"}}"},
    {.path = NULL},
};
static const struct api_route second[] = {
    {.method = HTTP_POST, .path = "/", .summary = "Sends.", .is_open = true, .has_payload = true},
    {.method = HTTP_PATCH, .path = "/", .summary = "Alters.", .body = "{\"type\":\"object\"}"},
    {.path = NULL},
};

static json_t *document;

static void setup(void)
{
    static const struct api_route *const lists[] = {first, second, NULL};
    char *text = openapi_document(lists);
    document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    ck_assert_ptr_nonnull(document);
}

static void teardown(void)
{
    json_decref(document);
}

static const json_t *operation(const char *path, const char *method)
{
    return json_object_get(json_object_get(json_object_get(document, "paths"), path), method);
}

static void check_json(const json_t *value, const char *expected)
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    ck_assert_msg(text && strcmp(text, expected) == 0, "%s is not %s", text, expected);
    free(text);
}

START_TEST(test_operation)
{
    const json_t *get = operation("/v1/things/{id}", "get");
    check_json(json_object_get(get, "operationId"), "\"get_v1_things_id\"");
    check_json(json_object_get(get, "description"), "\"Needs one of the rights observe control.\"");
    check_json(
        json_object_get(get, "parameters"),
        "[{\"name\":\"id\",\"in\":\"path\",\"description\":\"What the request is about.\","
        "\"required\":true,\"schema\":{\"type\":\"string\"}},{\"name\":\"limit\",\"in\":\"query\","
        "\"description\":\"Most items.\",\"required\":false,\"schema\":{\"type\":\"integer\","
        "\"minimum\":1,\"maximum\":10}}]");
    ck_assert_ptr_null(json_object_get(get, "security"));
    ck_assert_ptr_nonnull(json_object_get(json_object_get(get, "responses"), "200"));
}
END_TEST

START_TEST(test_responses)
{
    check_json(json_object_get(operation("/v1/things/{id}", "delete"), "responses"),
               "{\"204\":{\"description\":\"Gone.\"},\"default\":{\"$ref\":"
               "\"#/components/responses/Problem\"}}");
}
END_TEST

START_TEST(test_bodies)
{
    check_json(json_object_get(operation("/", "post"), "security"), "[]");
    check_json(json_object_get(operation("/", "patch"), "requestBody"),
               "{\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"type\":"
               "\"object\"}}}}");
    ck_assert_ptr_nonnull(json_object_get(operation("/", "post"), "requestBody"));
    ck_assert_ptr_null(json_object_get(operation("/v1/things/{id}", "get"), "requestBody"));
}
END_TEST

/* Each route of the program has texts that are JSON, and says something. */
START_TEST(test_own)
{
    char *text = openapi_document(api_all_routes);
    json_t *own = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(own);
    for (const struct api_route *const *list = api_all_routes; *list; list++)
        for (const struct api_route *route = *list; route->path; route++)
            ck_assert_msg(route->summary && route->handler, "%s", route->path);
    json_decref(own);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("openapi_document");
    TCase *tc = tcase_create("routes");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_operation);
    tcase_add_test(tc, test_responses);
    tcase_add_test(tc, test_bodies);
    tcase_add_test(tc, test_own);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
