/* The texts of --help and --version. */
#include "tests/unit/client/client_child.h"
#include "tests/unit/suite.h"

START_TEST(help_and_version)
{
    static const char *const commands[] = {
        "run",    "cancel",  "kill",      "ping",   "stats",  "pools",          "workers",
        "crash",  "crashes", "pause",     "resume", "resize", "recycle",        "reload",
        "reopen", "drain",   "log-level", "top",    "doctor", "support-bundle", "wait",
        "retry",  "forget",  "backup",    "nodes"};
    struct child child;
    child_run(&child, NULL, "", ARGS("--version"));
    child_assert(&child, 0, "taskmaster 0.2.0\n", "");
    child_run(&child, NULL, "", ARGS("--help"));
    ck_assert_int_eq(child.status, 0);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        ck_assert_ptr_nonnull(strstr(child.output, commands[i]));
    child_free(&child);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        child_run(&child, NULL, "", ARGS(commands[i], "--help"));
        ck_assert_int_eq(child.status, 0);
        ck_assert_ptr_nonnull(strstr(child.output, commands[i]));
        ck_assert_ptr_nonnull(strstr(child.output, "--server ADDR"));
        ck_assert_str_eq(child.errors, "");
        child_free(&child);
    }
}
END_TEST

START_TEST(help_of_a_command)
{
    struct child child, other;
    child_run(&child, NULL, "", ARGS("help", "kill"));
    child_run(&other, NULL, "", ARGS("kill", "--help"));
    ck_assert_int_eq(child.status, 0);
    ck_assert_str_eq(child.output, other.output);
    child_free(&child);
    child_free(&other);
    child_run(&child, NULL, "", ARGS("help"));
    ck_assert_ptr_nonnull(strstr(child.output, "Commands:"));
    child_free(&child);
    child_run(&child, NULL, "", ARGS("help", "nonsense"));
    child_assert(&child, 64, "",
                 "taskmaster: there is no command 'nonsense'\nTry 'taskmaster --help'.\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        help_and_version,
        help_of_a_command,
    };
    TCase *tcase = tcase_create("help");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client help");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
