/* routes: from a method and a path to a row, and what is asked for on the way. */
#include "gateway/api/api.h"
#include "gateway/upstream/upstream.h"
#include "tests/unit/gateway/api/fake_exchange.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <string.h>

static unsigned asked_for;       /* the rights of gateway_access_allow() */
static bool writes, open_to_all; /* of gateway_access_admit() */
static bool is_admitted, is_allowed;
static uint64_t payload_max;

bool gateway_access_admit(const struct gateway_access *access, struct http_exchange *exchange,
                          bool is_write, bool is_open)
{
    (void)access;
    writes = is_write;
    open_to_all = is_open;
    exchange->status = is_admitted ? 0 : 421;
    return is_admitted;
}

bool gateway_access_allow(struct http_exchange *exchange, unsigned rights, const char *module)
{
    (void)module;
    asked_for = rights;
    exchange->status = is_allowed ? 0 : 403;
    return is_allowed;
}

struct upstream_view upstream_view(const struct upstream *upstream)
{
    (void)upstream;
    return (struct upstream_view){.payload_max = payload_max};
}

static const struct http_handler get_job, post_job, get_events, post_jobs;
static const struct api_parameter parameters[] = {{.name = "wait"}, {.name = NULL}};

static const struct api_route first[] = {
    {.method = HTTP_POST, .path = "/v1/jobs", .has_payload = true, .handler = &post_jobs},
    {.path = NULL},
};

static const struct api_route second[] = {
    {.method = HTTP_GET,
     .path = "/v1/jobs/{id}",
     .parameters = parameters,
     .rights = RIGHT_OBSERVE,
     .handler = &get_job},
    {.method = HTTP_POST, .path = "/v1/jobs/{id}", .writes = true, .handler = &post_job},
    {.method = HTTP_GET, .path = "/v1/jobs/{id}/events", .is_open = true, .handler = &get_events},
    {.path = NULL},
};

static const struct api_route *const lists[] = {first, second, NULL};
static int daemon_of_ours; /* its address alone counts */
static struct api api = {.routes = lists, .master = (struct upstream *)&daemon_of_ours};
static struct http_exchange exchange;

static const struct http_handler *find(enum http_method method, const char *path, const char *query)
{
    exchange = (struct http_exchange){
        .public.request = {.method = method, .method_name = "X", .path = path, .query = query},
        .owner = &api};
    asked_for = 0;
    return api_route(&api, &exchange);
}

static void setup(void)
{
    is_admitted = is_allowed = true;
    payload_max = 0;
}

START_TEST(test_paths)
{
    ck_assert_ptr_eq(find(HTTP_POST, "/v1/jobs", NULL), &post_jobs);
    ck_assert_str_eq(api_path_part(&exchange), "");
    ck_assert_ptr_eq(api_route_of(&exchange), &first[0]);
    ck_assert_ptr_eq(find(HTTP_GET, "/v1/jobs/k3f9-17", NULL), &get_job);
    ck_assert_str_eq(api_path_part(&exchange), "k3f9-17");
    ck_assert_uint_eq(asked_for, RIGHT_OBSERVE);
    ck_assert(!writes && !open_to_all);
    ck_assert_ptr_eq(find(HTTP_POST, "/v1/jobs/x", NULL), &post_job);
    ck_assert(writes);
    ck_assert_uint_eq(asked_for, 0);
    ck_assert_ptr_eq(find(HTTP_GET, "/v1/jobs/x/events", NULL), &get_events);
    ck_assert(open_to_all);
    ck_assert_str_eq(api_path_part(&exchange), "x");
}
END_TEST

START_TEST(test_no_paths)
{
    static const char *const paths[] = {
        "",
        "/",
        "/v1",
        "/v1/",
        "/v1/job",
        "/v1/jobs/",
        "/v1/jobss",
        "/v1/jobs//events",
        "/v1/jobs/x/",
        "/v1/jobs/x/event",
        "/v1/jobs/x/events/",
        "*",
        "/v1/jobs/0123456789012345678901234567890123456789012345678901234567890123x"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        ck_assert_msg(!find(HTTP_GET, paths[i], NULL), "%s", paths[i]);
        ck_assert_msg(exchange.status == 404, "%s: %u", paths[i], exchange.status);
        ck_assert_str_eq(exchange.code, "unknown-path");
    }
}
END_TEST

START_TEST(test_methods)
{
    ck_assert_ptr_null(find(HTTP_DELETE, "/v1/jobs/x", NULL));
    ck_assert_uint_eq(exchange.status, 405);
    ck_assert_str_eq(exchange.allow, "GET, HEAD, POST");
    ck_assert_ptr_null(find(HTTP_OTHER, "/v1/jobs", NULL));
    ck_assert_uint_eq(exchange.status, 405);
    ck_assert_str_eq(exchange.allow, "POST");
}
END_TEST

START_TEST(test_parameters)
{
    ck_assert_ptr_eq(find(HTTP_GET, "/v1/jobs/x", "wait=1"), &get_job);
    ck_assert_ptr_null(find(HTTP_GET, "/v1/jobs/x", "wait=1&wait=1"));
    ck_assert_str_eq(exchange.detail, "parameter wait is given twice");
    ck_assert_ptr_null(find(HTTP_GET, "/v1/jobs/x", "wai=1"));
    ck_assert_msg(strstr(exchange.detail, "\"wai\" is unknown") != NULL, "%s", exchange.detail);
    ck_assert_ptr_null(find(HTTP_GET, "/v1/jobs/x", "wait=%"));
    ck_assert_ptr_null(find(HTTP_GET, "/v1/jobs/x/events", "wait=1"));
    ck_assert_uint_eq(exchange.status, 400);
}
END_TEST

START_TEST(test_refused)
{
    is_allowed = false;
    ck_assert_ptr_null(find(HTTP_GET, "/v1/jobs/x", NULL));
    ck_assert_uint_eq(exchange.status, 403);
    is_admitted = false;
    ck_assert_ptr_null(find(HTTP_GET, "/v1/jobs/x", NULL));
    ck_assert_uint_eq(exchange.status, 421);
    ck_assert_ptr_null(find(HTTP_GET, "/nowhere", NULL)); /* the Host comes first */
    ck_assert_uint_eq(exchange.status, 421);
}
END_TEST

START_TEST(test_body_max)
{
    find(HTTP_POST, "/v1/jobs/x", NULL);
    ck_assert_uint_eq(exchange.public.body_max, 64 * 1024);
    find(HTTP_POST, "/v1/jobs", NULL);
    ck_assert_uint_eq(exchange.public.body_max, 16777216);
    payload_max = 1000;
    find(HTTP_POST, "/v1/jobs", NULL);
    ck_assert_uint_eq(exchange.public.body_max, 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("routes");
    TCase *tc = tcase_create("routes");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_paths);
    tcase_add_test(tc, test_no_paths);
    tcase_add_test(tc, test_methods);
    tcase_add_test(tc, test_parameters);
    tcase_add_test(tc, test_refused);
    tcase_add_test(tc, test_body_max);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
