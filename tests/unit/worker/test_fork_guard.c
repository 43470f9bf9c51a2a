/* Children forked by a module from the worker itself. */
#include "tests/unit/suite.h"
#include "tests/unit/worker/one_worker.h"

#include <check.h>
#include <string.h>
#include <sys/socket.h>

START_TEST(a_child_that_returns_ends_there)
{
    static const char *const births[] = {"fork", "_fork", "clone"};

    start_with_test_modules("");
    assert_done(fake_master_ask(&master, "leave", births[_i]), "parent of 70");
    fake_master_expect_log(&master, "<3>module leave: its child process ");
    fake_master_expect_log(&master, "returned from run() and was ended");
    assert_done(fake_master_ask(&master, "probe", "inits"), "1"); /* answered by the worker, once */
    assert_done(fake_master_ask(&master, "probe", "inits"), "1");
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_child_that_returns_from_another_hook_ends_there)
{
    start_with_test_modules("preload=leave\nconfig:leave=[\"init\",\"fini\"]\n");
    fake_master_expect_log(&master, "<6>said by a child of init\n");
    fake_master_expect_log(&master, "returned from init() and was ended");
    assert_done(fake_master_ask(&master, "probe", "inits"), "1");
    shutdown(master.socket, SHUT_WR);
    ck_assert_int_eq(fake_master_wait(&master), 0);
    ck_assert_ptr_nonnull(strstr(master.log, "returned from fini() and was ended"));
    ck_assert_ptr_null(strstr(strstr(master.log, "probe ends") + 1, "probe ends"));
    fake_master_free(&master);
}
END_TEST

START_TEST(a_child_may_use_the_functions_of_its_job)
{
    start_with_test_modules("");
    assert_done(fake_master_ask(&master, "leave", "log"), "parent");
    fake_master_expect_log(&master, "<6>said by a child\n");
    fake_master_expect_log(&master, "the worker's own line\n");
    ck_assert_ptr_eq(strstr(strstr(master.log, "own") + 1, "own"), NULL); /* once */
    fake_master_finish(&master);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker fork guard");
    TCase *tc = tcase_create("fork_guard");

    tcase_set_timeout(tc, TEST_TIMEOUT_S);
    tcase_add_loop_test(tc, a_child_that_returns_ends_there, 0, 3);
    tcase_add_test(tc, a_child_that_returns_from_another_hook_ends_there);
    tcase_add_test(tc, a_child_may_use_the_functions_of_its_job);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
