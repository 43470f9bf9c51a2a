/* A module's changes to the process, and the state found by the next module. */
#include "common/xmalloc.h"
#include "tests/unit/suite.h"
#include "tests/unit/worker/one_worker.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const leavings[] = {"timer real 1000000",
                                       "timer virtual 1000000",
                                       "timer prof 1000000",
                                       "create 1",
                                       "create 200",
                                       "ignore",
                                       "umask",
                                       "chdir",
                                       "limit",
                                       "batch",
                                       "locale",
                                       "thread locale",
                                       "rounding",
                                       "nonblocking",
                                       "close-on-exec",
                                       "setenv",
                                       "putenv",
                                       "clearenv",
                                       "close 0",
                                       "close 1",
                                       "close 2",
                                       "replace 0",
                                       "replace 1",
                                       "replace 2",
                                       "buffer",
                                       "fclose",
                                       "replace 1",
                                       "wide"};

static char *state_of(const char *module)
{
    const struct answer *answer = fake_master_ask(&master, module, "show");

    ck_assert_msg(answer->head.type == WIRE_DONE, "failed: %s", answer->text);
    return xstrdup(answer->payload);
}

static void leave(const char *what)
{
    const struct answer *answer = fake_master_ask(&master, "leave", what);

    ck_assert_msg(answer->head.type == WIRE_DONE, "%s: %s", what, answer->text);
}

START_TEST(another_module_finds_the_process_as_it_was)
{
    start_with_test_modules("");
    char *before = state_of("state");
    leave(leavings[_i]);
    char *left = state_of("leave");
    ck_assert_msg(strcmp(before, left) != 0, "%s leaves nothing", leavings[_i]);
    char *after = state_of("state");
    ck_assert_str_eq(after, before);
    fake_master_expect_log(&master, "state was shown\nstate was shown\n");
    assert_done(fake_master_ask(&master, "probe", "inits"), "1");
    free(before);
    free(left);
    free(after);
    fake_master_finish(&master);
}
END_TEST

START_TEST(what_is_left_by_a_system_call_is_put_back)
{
    start_with_test_modules("");
    char *before = state_of("state");
    assert_done(fake_master_ask(&master, "raw_call", ""), "");
    char *after = state_of("state");
    ck_assert_str_eq(after, before);
    free(before);
    free(after);
    fake_master_finish(&master);
}
END_TEST

START_TEST(all_that_is_left_behind_is_put_back_together)
{
    start_with_test_modules("");
    char *before = state_of("state");
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof(leavings) / sizeof(leavings[0]); i++)
            leave(leavings[i]);
        char *after = state_of("state");
        ck_assert_str_eq(after, before);
        free(after);
    }
    free(before);
    fake_master_finish(&master);
}
END_TEST

/* Whether stdin is /dev/zero, and SIGUSR2, number 12, is blocked. */
static void assert_devices(const char *state, bool zero, bool blocked)
{
    struct stat st;
    char stdin_shown[64];

    ck_assert_int_eq(stat("/dev/zero", &st), 0);
    snprintf(stdin_shown, sizeof(stdin_shown), " 0=%lu:%lu:", (unsigned long)st.st_dev,
             (unsigned long)st.st_ino);
    ck_assert_msg((strstr(state, stdin_shown) != NULL) == zero, "%s", state);
    ck_assert_msg((memchr(state, 'b', strcspn(state, " ")) != NULL) == blocked, "%s", state);
}

START_TEST(lines_of_a_module_with_its_own_stderr_are_logged)
{
    start_with_test_modules("config:leave=[\"own\"]\n");
    leave("log");
    fake_master_expect_log(&master, "said by a child");
    fake_master_expect_log(&master, "the worker's own line\n");
    free(state_of("state"));
    leave("log");
    fake_master_expect_log(&master, "state was shown\n\x1e<6>said by a child");
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_signal_left_blocked_and_pending_is_dropped_with_its_module)
{
    start_with_test_modules("config:leave=[\"own\"]\n");
    leave("raise 12");
    free(state_of("state"));
    leave("show");
    fake_master_finish(&master);
}
END_TEST

START_TEST(what_init_has_set_up_is_the_modules_own)
{
    start_with_test_modules("preload=leave\nconfig:leave=[\"own\"]\n");
    char *own = state_of("leave");
    ck_assert_ptr_nonnull(strstr(own, "OWN=yes"));
    ck_assert_ptr_nonnull(strstr(own, "; 123 in "));
    ck_assert_ptr_nonnull(strstr(own, "C (UTF-8)"));
    assert_devices(own, true, true);
    char *other = state_of("state");
    ck_assert_ptr_null(strstr(other, "OWN=yes"));
    ck_assert_ptr_null(strstr(other, "; 123 in "));
    assert_devices(other, false, false);
    for (size_t i = 0; i < sizeof(leavings) / sizeof(leavings[0]); i++) {
        leave(leavings[i]);
        char *again = state_of("state");
        ck_assert_str_eq(again, other);
        free(again);
        again = state_of("leave");
        ck_assert_str_eq(again, own);
        free(again);
    }
    free(own);
    free(other);
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_timer_does_not_reach_the_next_module)
{
    start_with_test_modules("");
    leave("timer virtual 100");
    leave("timer prof 100");
    fake_master_run(&master, 1, "probe", "spin 300", strlen("spin 300"));
    assert_done(fake_master_answer(&master), "");
    fake_master_finish(&master);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker process state");
    TCase *tc = tcase_create("process_state");

    tcase_set_timeout(tc, TEST_TIMEOUT_S);
    tcase_add_loop_test(tc, another_module_finds_the_process_as_it_was, 0,
                        sizeof(leavings) / sizeof(leavings[0]));
    tcase_add_test(tc, what_is_left_by_a_system_call_is_put_back);
    tcase_add_test(tc, all_that_is_left_behind_is_put_back_together);
    tcase_add_test(tc, what_init_has_set_up_is_the_modules_own);
    tcase_add_test(tc, lines_of_a_module_with_its_own_stderr_are_logged);
    tcase_add_test(tc, a_signal_left_blocked_and_pending_is_dropped_with_its_module);
    tcase_add_test(tc, a_timer_does_not_reach_the_next_module);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
