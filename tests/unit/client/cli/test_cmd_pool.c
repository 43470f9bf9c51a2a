/* pause, resume and resize. */
#include "tests/unit/client/dialogue.h"
#include "tests/unit/suite.h"

/* The event of an answer is printed with --json, without the id. */
static void assert_ok(const char *request, const char *fields, const char *const *args,
                      const char *output)
{
    char answer[512];
    const struct dialogue dialogue = {request, "", answer};
    snprintf(answer, sizeof answer, "{\"event\":\"ok\",\"id\":1%s}\n", fields);
    assert_answer(&dialogue, args, 0, output, "");
}

#define WAS(state) ",\"was\":" #state

START_TEST(pause_)
{
    static const char one[] = "{\"op\":\"pause\",\"id\":1,\"pool\":\"a\"}";
    static const char all[] = "{\"op\":\"pause\",\"id\":1}";
    assert_ok(one, WAS(false), ARGS("pause", "a"), "pool a is paused\n");
    assert_ok(one, WAS(true), ARGS("pause", "a"), "pool a was paused already\n");
    assert_ok(all, WAS(false), ARGS("pause"), "all pools are paused\n");
    assert_ok(all, WAS(true), ARGS("pause"), "all pools were paused already\n");
    assert_ok(all, WAS(true), ARGS("pause", "--json"), "{\"event\":\"ok\",\"was\":true}\n");
}
END_TEST

START_TEST(resume)
{
    static const char one[] = "{\"op\":\"resume\",\"id\":1,\"pool\":\"a\"}";
    static const char all[] = "{\"op\":\"resume\",\"id\":1}";
    assert_ok(one, WAS(true), ARGS("resume", "a"), "pool a is resumed\n");
    assert_ok(one, WAS(false), ARGS("resume", "a"), "pool a was not paused\n");
    assert_ok(all, WAS(false), ARGS("resume"), "all pools are resumed\n");
    assert_ok(all, WAS(false), ARGS("--json", "resume"), "{\"event\":\"ok\",\"was\":false}\n");
}
END_TEST

START_TEST(resize)
{
    static const char sizes[] =
        ",\"pool_start\":0,\"pool_max\":4,\"job_max\":9,\"until\":\"reload\"";
    assert_ok("{\"op\":\"resize\",\"id\":1,\"pool\":\"a\",\"pool_start\":0,\"pool_max\":4}", sizes,
              ARGS("resize", "a", "--pool-start", "0", "--pool-max", "4"),
              "pool a has pool-start 0, pool-max 4, job-max 9 until the next reload\n");
    assert_ok("{\"op\":\"resize\",\"id\":1,\"job_max\":9}", sizes, ARGS("resize", "--job-max=9"),
              "pool default has pool-start 0, pool-max 4, job-max 9 until the next reload\n");
    assert_ok("{\"op\":\"resize\",\"id\":1,\"job_max\":9}", ",\"job_max\":9",
              ARGS("resize", "--job-max=9", "--json"), "{\"event\":\"ok\",\"job_max\":9}\n");
}
END_TEST

struct steered {
    const char *request;
    const char *answer;
};

static void plays_a_queue(struct fake *fake)
{
    const struct steered *steered = fake->arg;
    fake_welcome_to_queue(fake);
    fake_expect(fake, steered->request);
    fake_send(fake, steered->answer);
    fake_expect_end(fake);
}

static void assert_steered(const struct steered *steered, const char *const *args,
                           const char *output)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_a_queue, (void *)steered);
    child_run(&child, fake.address, "", args);
    fake_finish(&fake);
    child_assert(&child, 0, output, "");
}

/* taskqueued pauses modules. Its address is enough to be known. */
START_TEST(modules_of_a_queue)
{
    const struct steered paused = {"{\"op\":\"pause\",\"id\":1,\"module\":\"fib\"}",
                                   "{\"event\":\"ok\",\"id\":1,\"was\":false}\n"};
    const struct steered resumed = {"{\"op\":\"resume\",\"id\":1,\"module\":\"fib\"}",
                                    "{\"event\":\"ok\",\"id\":1}\n"};
    const struct steered all = {"{\"op\":\"pause\",\"id\":1}", "{\"event\":\"ok\",\"id\":1}\n"};
    assert_steered(&paused, ARGS("pause", "fib", "--queue"), "module fib is paused\n");
    assert_steered(&paused, ARGS("pause", "fib"), "module fib is paused\n");
    assert_steered(&resumed, ARGS("resume", "fib"), "module fib is resumed\n");
    assert_steered(&all, ARGS("pause"), "the queue is paused\n");
}
END_TEST

START_TEST(refused)
{
    const struct dialogue dialogue = {
        "*pause", "",
        "{\"event\":\"error\",\"id\":1,\"code\":\"unknown-pool\",\"message\":\"no pool a\"}\n"};
    assert_answer(&dialogue, ARGS("pause", "a"), 1, "",
                  "taskmaster: the server refused: unknown-pool: no pool a\n");
    assert_answer(&dialogue, ARGS("pause", "a", "--json"), 1,
                  "{\"event\":\"error\",\"code\":\"unknown-pool\",\"message\":\"no pool a\"}\n",
                  "");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        pause_, resume, resize, modules_of_a_queue, refused,
    };
    TCase *tcase = tcase_create("cmd_pool");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client cmd_pool");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
