/* crash and crashes: from the server, and from standard input. test_crash_report.c has the names.
 */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

#define CRASH(print)                                                                           \
    "{\"signal\":\"SIGBUS\",\"code\":\"BUS_ADRERR\",\"address\":\"0x10\",\"thread\":\"main\"," \
    "\"fingerprint\":\"" print "\",\"backtrace\":[{\"object\":\"/l/libc.so.6\",\"offset\":"    \
    "\"0x20\"},{\"object\":\"/none/m.so\",\"offset\":\"0x11a9\"}]}"
#define RECORD(module, print, job)                                                                \
    "{\"fingerprint\":\"" print "\",\"module\":\"" module "\",\"signal\":\"SIGBUS\",\"count\":3," \
    "\"last_job\":\"" job "\",\"crash\":" CRASH(print) "}"
#define LIST "[" RECORD("a", "00000001", "k-7") "," RECORD("b", "00000002", "k-9") "]"
#define SHOWN(print)                                                                     \
    "SIGBUS (BUS_ADRERR): there is no memory, such as behind the end of a mapped file; " \
    "address 0x10, thread main, fingerprint " print "\n"                                 \
    "#0 0x20 ?? (/l/libc.so.6+0x20)\n"                                                   \
    "#1 0x11a9 ?? (/none/m.so+0x11a9)\n"                                                 \
    "no names for /l/libc.so.6: it is missing here\n"                                    \
    "no names for /none/m.so: it is missing here\n"

static void assert_list(const char *request, const char *list, const char *const *args, int status,
                        const char *output, const char *errors)
{
    char answer[4096];
    const struct dialogue dialogue = {request, "", answer};
    snprintf(answer, sizeof answer, "{\"event\":\"crashes\",\"id\":1,\"size\":%zu}\n%s",
             strlen(list), list);
    assert_answer(&dialogue, args, status, output, errors);
}

#define ASK "{\"op\":\"crashes\",\"id\":1}"

START_TEST(crashes)
{
    static const char ask_one[] = "{\"op\":\"crashes\",\"id\":1,\"module\":\"b\"}";
    assert_list(ASK, LIST, ARGS("crashes"), 0,
                "fingerprint  module  signal  count  last_job  place\n"
                "00000001     a       SIGBUS      3  k-7       ?? (/none/m.so+0x11a9)\n"
                "00000002     b       SIGBUS      3  k-9       ?? (/none/m.so+0x11a9)\n",
                "");
    assert_list(ask_one, "[{}]", ARGS("crashes", "--module", "b", "--json"), 0, "[{}]\n", "");
    assert_list(ASK, "[]", ARGS("crashes"), 0, "no crashes\n", "");
    assert_list(ASK, "{}", ARGS("crashes"), 69, "",
                "taskmaster: the server's answer cannot be read: not of its type\n");
}
END_TEST

START_TEST(crash_of_the_server)
{
    static const char shown[] = "fingerprint  module  signal  count  last_job\n"
                                "00000002     b       SIGBUS      3  k-9\n"
                                "\n" SHOWN("00000002");
    assert_list(ASK, LIST, ARGS("crash", "00000002"), 0, shown, "");
    assert_list(ASK, LIST, ARGS("crash", "k-9"), 0, shown, "");
    assert_list(ASK, LIST, ARGS("crash", "k-7", "--json"), 0, RECORD("a", "00000001", "k-7") "\n",
                "");
    assert_list(
        ASK, LIST, ARGS("crash", "k-8\x1b"), 1, "",
        "taskmaster: the server has no crash with the fingerprint or the last job 'k-8?'\n");
    assert_list(ASK, "[1,{\"last_job\":\"k\"}]", ARGS("crash", "k"), 1, "",
                "taskmaster: the server has no crash with the fingerprint or the last job 'k'\n");
    assert_list(ASK, "7", ARGS("crash", "k"), 69, "",
                "taskmaster: the server's answer cannot be read: '[' or '{' expected near '7'\n");
}
END_TEST

static void assert_stdin(const char *input, const char *const *args, int status, const char *output,
                         const char *errors)
{
    struct child child;
    child_run(&child, "unix:/nowhere", input, args); /* no server is asked */
    child_assert(&child, status, output, errors);
}

START_TEST(crash_of_standard_input)
{
    assert_stdin("{\"worker\":1,\"crash\":" CRASH("x") "}\n", ARGS("crash", "-"), 0, SHOWN("x"),
                 "");
    assert_stdin(CRASH("x"), ARGS("crash", "-"), 0, SHOWN("x"), "");
    assert_stdin(CRASH("x"), ARGS("crash", "-", "--json"), 0, CRASH("x") "\n", "");
    assert_stdin(
        "{\"event\":\"failed\",\"payload\":\"{\\\"crash\\\":{\\\"signal\\\":\\\"SIGABRT\\\"}}\"}",
        ARGS("crash", "-"), 0, "SIGABRT\n", "");
}
END_TEST

START_TEST(no_crash_in_standard_input)
{
    static const char none[] = "taskmaster: standard input has no crash: neither a member 'crash' "
                               "nor a 'backtrace'\n";
    assert_stdin("{}", ARGS("crash", "-"), 1, "", none);
    assert_stdin("[]", ARGS("crash", "-"), 1, "", none);
    assert_stdin("{\"payload\":\"832040\"}", ARGS("crash", "-"), 1, "", none);
    assert_stdin("{\"payload\":\"{}\"}", ARGS("crash", "-"), 1, "", none);
    assert_stdin("", ARGS("crash", "-"), 1, "",
                 "taskmaster: standard input is not JSON: '[' or '{' expected near end of file\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        crashes,
        crash_of_the_server,
        crash_of_standard_input,
        no_crash_in_standard_input,
    };
    TCase *tcase = tcase_create("cmd_crash");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client cmd_crash");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
