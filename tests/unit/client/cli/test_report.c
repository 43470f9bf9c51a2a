/* Reports of jobs and answers: a hostile server cannot steer the terminal. */
#include "tests/unit/client/client_child.h"
#include "tests/unit/client/client_fake.h"
#include "tests/unit/suite.h"

/* ESC [, BEL, DEL, CSI (U+009B), as JSON escapes and as they are where JSON has them so. */
#define NASTY                        \
    "a\\u001b[2J\\u0007\x7f\xc2\x9b" \
    "b"

static bool is_clean(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if ((*c < 0x20 && *c != '\n') || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0))
            return false;
    return true;
}

struct answer {
    const char *const *args;
    const char *payload; /* of the answer; NULL: none */
    const char *fields;  /* behind the id */
    int status;
};

/* Answers the first request with the fields under its id. */
static void plays_nasty(struct fake *fake)
{
    const struct answer *answer = fake->arg;
    fake_accept(fake);
    fake_expect(fake, "*\"hello\"");
    fake_send(fake, "{\"event\":\"hello\",\"protocol\":1,\"server\":\"" NASTY
                    "\",\"payload_max\":1048576}\n");
    if (!fake_next_line(fake))
        return;
    if (answer->payload)
        fake_sendf(fake, "{\"id\":1,%s,\"size\":%zu}\n%s", answer->fields, strlen(answer->payload),
                   answer->payload);
    else
        fake_sendf(fake, "{\"id\":1,%s}\n", answer->fields);
    fake_ignore(fake);
}

#define FAILED_FIELDS                                                                       \
    "\"event\":\"failed\",\"job\":\"" NASTY "\",\"reason\":\"error\",\"code\":\"" NASTY     \
    "\",\"signal\":\"" NASTY "\",\"step\":\"" NASTY "\",\"message\":\"" NASTY "\",\"" NASTY \
    "\":1,\"context\":\"" NASTY "\""
#define FRAME "{\"object\":\"/" NASTY "\",\"offset\":\"0x1\",\"build_id\":\"" NASTY "\"}"
#define CRASH                                                                         \
    "\"crash\":{\"signal\":\"" NASTY "\",\"code\":\"" NASTY "\",\"address\":\"" NASTY \
    "\",\"thread\":\"" NASTY "\",\"fingerprint\":\"" NASTY "\",\"backtrace\":[" FRAME "]}"
#define OUTPUT "{\"output\":\"" NASTY "\\n" NASTY "\\r\"," CRASH "}"
#define NESTED                                                                                    \
    "{\"" NASTY "\":\"" NASTY "\",\"o\":{\"" NASTY "\":[\"" NASTY "\"],\"p\":{\"" NASTY "\":1}}," \
    "\"t\":{\"" NASTY "\":{\"" NASTY "\":\"" NASTY "\"}}}"

START_TEST(what_the_server_says_cannot_steer_the_terminal)
{
    const struct answer answers[] = {
        {ARGS("run", "m", "x"), OUTPUT, FAILED_FIELDS, 70},
        {ARGS("run", "m", "x", "--json"), OUTPUT, FAILED_FIELDS, 70},
        {ARGS("run", "m", "x"), NULL,
         "\"event\":\"error\",\"code\":\"" NASTY "\",\"message\":\"" NASTY "\"", 1},
        {ARGS("run", "m", "x"), NULL, "\"event\":\"done\",\"order\":\"" NASTY "\"", 69},
        {ARGS("run", "m", "x", "--json"), "c\x7f\xc2\x9b",
         "\"event\":\"done\",\"context\":\"" NASTY "\"", 0},
        {ARGS("ping"), NULL, "\"event\":\"pong\"", 0},
        {ARGS("ping", "--json"), NULL, "\"event\":\"pong\"", 0},
        {ARGS("cancel", "j"), NULL, "\"event\":\"ok\",\"state\":\"" NASTY "\"", 0},
        {ARGS("cancel", "j", "--json"), NULL, "\"event\":\"ok\",\"state\":\"" NASTY "\"", 0},
        {ARGS("kill", "j"), NULL,
         "\"event\":\"error\",\"code\":\"" NASTY "\",\"message\":\"" NASTY "\"", 1},
        {ARGS("stats"), NESTED, "\"event\":\"stats\"", 0},
        {ARGS("stats", "--json"), NESTED, "\"event\":\"stats\"", 0},
        {ARGS("stats"), "{" NASTY, "\"event\":\"stats\"", 69},
        {ARGS("workers"), "[" NESTED "]", "\"event\":\"workers\"", 0},
        {ARGS("workers", "--json"), "[" NESTED "]", "\"event\":\"workers\"", 0},
        {ARGS("pools"), "{\"pools\":" NESTED "}", "\"event\":\"stats\"", 0},
        {ARGS("log-level", "info"), NULL, "\"event\":\"ok\",\"was\":\"" NASTY "\"", 0},
        {ARGS("reload"), NULL,
         "\"event\":\"ok\",\"changed\":[\"" NASTY "\",7],\"renewed\":false,\"why\":\"" NASTY "\"",
         1},
        {ARGS("reload"), NULL,
         "\"event\":\"error\",\"code\":\"bad-config\",\"message\":\"" NASTY "\",\"file\":\"" NASTY
         "\",\"line\":3,\"key\":\"" NASTY "\"",
         1},
        {ARGS("crashes"), "[" NESTED "," OUTPUT "]", "\"event\":\"crashes\"", 0},
        {ARGS("crashes", "--json"), "[" OUTPUT "]", "\"event\":\"crashes\"", 0},
        {ARGS("crash", "x"), "[{\"last_job\":\"x\"," CRASH "}]", "\"event\":\"crashes\"", 0},
        {ARGS("crash", "x"), "[" OUTPUT "]", "\"event\":\"crashes\"", 1},
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct fake fake;
        struct child child;
        fake_start(&fake, plays_nasty, (void *)&answers[i]);
        child_run(&child, fake.address, "", answers[i].args);
        fake_finish(&fake);
        ck_assert_msg(child.status == answers[i].status, "case %zu: %d\n%s%s", i, child.status,
                      child.output, child.errors);
        ck_assert_msg(is_clean(child.output), "case %zu: stdout %s", i, child.output);
        ck_assert_msg(is_clean(child.errors), "case %zu: stderr %s", i, child.errors);
        ck_assert_msg(strlen(child.errors) < 4096, "case %zu", i);
        child_free(&child);
    }
}
END_TEST

START_TEST(json_means_the_same_when_it_is_cleaned)
{
    const struct answer answer = {NULL, "\x7f\xc2\x80\xc2\xa0",
                                  "\"event\":\"done\",\"context\":[\"\xc2\x9f\"]", 0};
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_nasty, (void *)&answer);
    child_run(&child, fake.address, "", ARGS("run", "m", "x", "--json"));
    fake_finish(&fake);
    child_assert(&child, 0,
                 "{\"event\":\"done\",\"size\":5,\"payload\":\"\\u007f\\u0080\xc2\xa0\","
                 "\"context\":[\"\\u009f\"]}\n",
                 "");
}
END_TEST

static void plays_too_large(struct fake *fake)
{
    fake_welcome(fake); /* payload_max: 1 MiB */
    fake_expect(fake, "*\"submit\"");
    fake_send(fake, "{\"event\":\"done\",\"id\":1,\"size\":1048577}\n");
    fake_expect_end(fake);
}

START_TEST(a_result_over_payload_max)
{
    struct fake fake;
    struct child child;
    fake_start(&fake, plays_too_large, NULL);
    child_run(&child, fake.address, "", ARGS("run", "m", "x"));
    fake_finish(&fake);
    child_assert(&child, 69, "",
                 "taskmaster: the server's answer breaks the protocol: a payload of 1048577 bytes; "
                 "at most 1048576 are allowed\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_the_server_says_cannot_steer_the_terminal,
        json_means_the_same_when_it_is_cleaned,
        a_result_over_payload_max,
    };
    TCase *tcase = tcase_create("report");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client report");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
