/* A client without a connection, and the words for statuses. */
#include "taskmaster/client.h"
#include "taskmaster/module.h" /* both headers are to be usable together */
#include "tests/unit/suite.h"

#include <check.h>

START_TEST(not_connected)
{
    tm_client *client = tm_client_new();
    tm_client_event *event = (tm_client_event *)&event;
    ck_assert_int_eq(tm_client_submit(client, "m", "", 0, NULL, 0, NULL), TM_CLIENT_INVALID);
    ck_assert_int_eq(tm_client_next(client, 0, &event), TM_CLIENT_INVALID);
    ck_assert_ptr_null(event);
    ck_assert_int_eq(tm_client_ping(client, 0), TM_CLIENT_INVALID);
    ck_assert_int_eq(tm_client_process(client), TM_CLIENT_INVALID);
    tm_client_free(client);
    tm_client_free(NULL);
    tm_client_event_free(NULL);
}
END_TEST

START_TEST(words)
{
    ck_assert_str_eq(tm_client_version(), "0.2.0");
    ck_assert_str_eq(tm_client_status_name(TM_CLIENT_OK), "ok");
    ck_assert_str_eq(tm_client_status_name(TM_CLIENT_MEMORY), "memory");
    ck_assert_str_eq(tm_client_status_name((tm_client_status)99), "unknown");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        not_connected,
        words,
    };
    TCase *tcase = tcase_create("client");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client client");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
