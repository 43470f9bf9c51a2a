/* stats and workers, as tables and as JSON. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

START_TEST(stats)
{
    const struct dialogue dialogue = {
        "{\"op\":\"stats\",\"id\":1}", "",
        "{\"event\":\"stats\",\"id\":1,\"size\":136}\n"
        "{\"server\":\"s/1\",\"draining\":false,\"jobs\":{\"done\":2,\"failed\":{\"error\":1}},"
        "\"later\":[1],\"modules\":{\"fib\":{\"done\":12},\"a\":{\"done\":3}},\"e\":{}}"};
    assert_answer(&dialogue, ARGS("stats"), 0,
                  "server          s/1\n"
                  "draining        false\n"
                  "jobs            done 2\n"
                  "jobs failed     error 1\n"
                  "later           [1]\n"
                  "e               -\n"
                  "\n"
                  "modules  done\n"
                  "fib        12\n"
                  "a           3\n",
                  "");
    assert_answer(&dialogue, ARGS("--json", "stats"), 0,
                  "{\"server\":\"s/1\",\"draining\":false,\"jobs\":{\"done\":2,\"failed\":"
                  "{\"error\":1}},\"later\":[1],\"modules\":{\"fib\":{\"done\":12},\"a\":"
                  "{\"done\":3}},\"e\":{}}\n",
                  "");
}
END_TEST

/* Modules of taskqueued have columns of their own. */
START_TEST(stats_of_a_queue)
{
    static const char figures[] =
        "{\"jobs\":{\"waiting\":4,\"failed\":1},\"modules\":{\"fib\":{\"waiting\":4,\"handed\":2,"
        "\"submitted\":9,\"paused\":false,\"held_ms\":1500,\"held_reason\":\"x\",\"run_us\":2500}},"
        "\"master\":{\"connected\":true,\"pool\":{\"max\":4}}}";
    assert_shown("{\"op\":\"stats\",\"id\":1}", "stats", figures, ARGS("stats", "--queue"),
                 "jobs            waiting 4  failed 1\n"
                 "master          connected true\n"
                 "master pool     max 4\n"
                 "\n"
                 "modules  waiting  handed  paused  held  run\n"
                 "fib            4       2  false   1.5s  2.5ms\n");
}
END_TEST

START_TEST(workers)
{
    const struct dialogue some = {"{\"op\":\"workers\",\"id\":1}", "",
                                  "{\"event\":\"workers\",\"id\":1,\"size\":83}\n"
                                  "[{\"id\":1,\"state\":\"idle\",\"job\":null},"
                                  "{\"id\":12,\"state\":\"b\\u001b\",\"job\":\"k-1\",\"x\":\"\"}]"};
    const struct dialogue none = {"{\"op\":\"workers\",\"id\":1}", "",
                                  "{\"event\":\"workers\",\"id\":1,\"size\":2}\n[]"};
    assert_answer(&some, ARGS("workers"), 0,
                  "id  state  job  x\n"
                  " 1  idle   -    -\n"
                  "12  b?     k-1  -\n",
                  "");
    assert_answer(&none, ARGS("workers"), 0, "no workers\n", "");
    assert_answer(&none, ARGS("workers", "--json"), 0, "[]\n", "");
}
END_TEST

START_TEST(pools)
{
    const struct dialogue some = {
        "{\"op\":\"stats\",\"id\":1}", "",
        "{\"event\":\"stats\",\"id\":1,\"size\":174}\n"
        "{\"pools\":{\"default\":{\"pool\":{\"start\":1,\"max\":4,\"ends\":{\"idle\":2}},"
        "\"queue\":{\"waiting\":0},\"paused\":false},\"a\":{\"pool\":{\"start\":0,"
        "\"max\":2},\"queue\":{\"waiting\":7},\"paused\":true}}}"};
    const struct dialogue without = {
        "{\"op\":\"stats\",\"id\":1}", "",
        "{\"event\":\"stats\",\"id\":1,\"size\":50}\n"
        "{\"pool\":{\"start\":1,\"max\":4},\"queue\":{\"waiting\":0}}"};
    assert_answer(&some, ARGS("pools"), 0,
                  "pool     paused  start  max  waiting\n"
                  "default  false       1    4        0\n"
                  "a        true        0    2        7\n",
                  "");
    assert_answer(&some, ARGS("stats"), 0,
                  "\n"
                  "pools    paused  start  max  waiting\n"
                  "default  false       1    4        0\n"
                  "a        true        0    2        7\n",
                  "");
    assert_answer(&some, ARGS("pools", "--json"), 0,
                  "{\"default\":{\"pool\":{\"start\":1,\"max\":4,\"ends\":{\"idle\":2}},"
                  "\"queue\":{\"waiting\":0},\"paused\":false},\"a\":{\"pool\":{\"start\":0,"
                  "\"max\":2},\"queue\":{\"waiting\":7},\"paused\":true}}"
                  "\n",
                  "");
    assert_answer(&without, ARGS("pools"), 0,
                  "pool     start  max  waiting\n"
                  "default      1    4        0\n",
                  "");
}
END_TEST

START_TEST(nested_figures)
{
    const struct dialogue dialogue = {
        "{\"op\":\"stats\",\"id\":1}", "",
        "{\"event\":\"stats\",\"id\":1,\"size\":72}\n"
        "{\"modules\":{\"a\":{\"done\":1,\"breaker\":{\"state\":\"open\",\"opened\":1}}}}      "};
    assert_answer(&dialogue, ARGS("stats"), 0,
                  "\n"
                  "modules  done  breaker_state  breaker_opened\n"
                  "a           1  open                        1\n",
                  "");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        stats, stats_of_a_queue, workers, pools, nested_figures,
    };
    TCase *tcase = tcase_create("cmd_stats");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client cmd_stats");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
