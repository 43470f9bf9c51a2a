/* --complete: the words that may follow, from the tables and from the server. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

static void assert_words(const char *const *args, const char *words)
{
    struct child child;
    child_run(&child, NULL, "", args);
    child_assert(&child, 0, words, "");
}

START_TEST(commands)
{
    assert_words(ARGS("--complete", "res"), "resume\nresize\n");
    assert_words(ARGS("--complete", "--json", "--server", "x", "wor"), "workers\n");
    assert_words(ARGS("--complete", "nonsense"), "");
    assert_words(ARGS("--complete", "ping", "--server"), "--server\n");
}
END_TEST

START_TEST(options)
{
    assert_words(ARGS("--complete", "ping", "-"),
                 "--wait-ms\n--queue\n--server\n--token-file\n--timeout\n--json\n--help\n");
    assert_words(ARGS("--complete", "resize", "--p"), "--pool-start\n--pool-max\n");
    assert_words(ARGS("--complete", "cancel", "--w"), "");
    assert_words(ARGS("--complete", "--wa"), "--wait-ms\n--waiting\n");
    assert_words(ARGS("--complete", "--ver"), "--version\n");
    assert_words(ARGS("--complete", "run", "--ver"), "");
}
END_TEST

START_TEST(values)
{
    assert_words(ARGS("--complete", "drain", "--waiting", ""), "fail\nrun\n");
    assert_words(ARGS("--complete", "log-level", "d"), "debug\n");
    assert_words(ARGS("--complete", "log-level", "debug", ""), "");
    assert_words(ARGS("--complete", "run", "--timeout", ""), "");
    assert_words(ARGS("--complete", "stats", ""), "");
    assert_words(ARGS("--complete", "jobs", "--state", ""),
                 "waiting\nrunning\nstopping\ndelayed\nhanded\ndone\nfailed\n");
    assert_words(ARGS("--complete", "help", "st"), "status\nstats\n");
    assert_words(ARGS("--complete", "help", "stats", ""), "");
}
END_TEST

#define STATS   "{\"op\":\"stats\",\"id\":1}"
#define WORKERS "{\"op\":\"workers\",\"id\":1}"
#define MODULES "{\"op\":\"modules\",\"id\":1}"
#define JOBS    "{\"op\":\"jobs\",\"id\":1}"
#define CLIENTS "{\"op\":\"clients\",\"id\":1}"
#define CRASHES "{\"op\":\"crashes\",\"id\":1}"

#define NAMES "--complete", "--timeout", "60" /* the machine may be busy */

/* A name may hold nothing with a meaning to the shell. */
START_TEST(names_of_the_server)
{
    static const char stats[] =
        "{\"pools\":{\"default\":{},\"reports\":{},\"$(rm)\":{},\"a\\nb\":{}},\"x\":1}";
    static const char modules[] = "[{\"name\":\"fib\"},{\"name\":\"find\"},{\"name\":\"wc\"}]";
    static const char workers[] = "[{\"id\":1,\"job\":null},{\"id\":12,\"job\":\"k-1\"},7]";
    assert_shown(STATS, "stats", stats, ARGS(NAMES, "pause", ""), "default\nreports\n");
    assert_shown(STATS, "stats", stats, ARGS(NAMES, "resize", "--pool-max", "3", "re"),
                 "reports\n");
    assert_shown(MODULES, "modules", modules, ARGS(NAMES, "run", "fi"), "fib\nfind\n");
    assert_shown(MODULES, "modules", modules, ARGS(NAMES, "crashes", "--module", "w"), "wc\n");
    assert_shown(JOBS, "jobs", "[{\"job\":\"k-1\"},{\"job\":\"k-2\"}]", ARGS(NAMES, "cancel", ""),
                 "k-1\nk-2\n");
    assert_shown(CLIENTS, "clients", "[{\"id\":7}]", ARGS(NAMES, "jobs", "--client", ""), "7\n");
    assert_shown(WORKERS, "workers", workers, ARGS(NAMES, "kill", "--worker", "1"), "1\n12\n");
    assert_shown(CRASHES, "crashes", "[{\"fingerprint\":\"5d1c9a02\"}]", ARGS(NAMES, "crash", ""),
                 "5d1c9a02\n");
    assert_shown(STATS, "stats", "?", ARGS(NAMES, "pause", ""), "");
    assert_shown(MODULES, "modules", modules, ARGS(NAMES, "pause", "--queue", "f"), "fib\nfind\n");
    assert_shown(JOBS, "jobs", "[{\"job\":\"q1\"}]", ARGS(NAMES, "wait", ""), "q1\n");
}
END_TEST

START_TEST(the_server_of_the_line)
{
    struct child child;
    child_run(&child, NULL, "", ARGS("--complete", "--server=unix:/nowhere", "pause", ""));
    ck_assert_int_eq(child.status, 0);
    ck_assert_str_eq(child.output, "");
    ck_assert_ptr_nonnull(strstr(child.errors, "unix:/nowhere"));
    child_free(&child);
    child_run(&child, NULL, "", ARGS("--complete", "--server", "unix:/nowhere", "pause", ""));
    ck_assert_ptr_nonnull(strstr(child.errors, "unix:/nowhere"));
    child_free(&child);
    child_run(&child, NULL, "", ARGS("--complete", "wait", "--server", "unix:/nowhere", ""));
    ck_assert_ptr_nonnull(strstr(child.errors, "unix:/nowhere"));
    child_free(&child);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        commands, options, values, names_of_the_server, the_server_of_the_line,
    };
    TCase *tcase = tcase_create("complete");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client complete");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
