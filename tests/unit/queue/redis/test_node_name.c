/* test_node_name: what a node is called. */
#include "queue/redis/node_name.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

START_TEST(test_as_set)
{
    char name[NODE_NAME_MAX + 1];
    struct redis_settings settings = {.node_name = "north-1"};
    node_name_make(name, &settings);
    ck_assert_str_eq(name, "north-1");
}
END_TEST

START_TEST(test_by_default)
{
    char name[NODE_NAME_MAX + 1], end[16], host[32] = "";
    struct redis_settings settings = {.node_name = NULL};
    gethostname(host, sizeof host - 1);
    node_name_make(name, &settings);
    snprintf(end, sizeof end, "-%d", (int)getpid());
    ck_assert_int_eq(strncmp(name, host, strlen(host)), 0);
    ck_assert_str_eq(name + strlen(name) - strlen(end), end);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("node_name");
    TCase *tc = tcase_create("name");
    tcase_add_test(tc, test_as_set);
    tcase_add_test(tc, test_by_default);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
