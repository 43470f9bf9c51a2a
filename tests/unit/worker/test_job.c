/* The outcome of a job, for all actions of its module. */
#include "worker/job.h"

#include "common/xmalloc.h"
#include "tests/unit/suite.h"
#include "worker/module_functions.h"

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RESULT_MAX = 100 };

static struct worker_shared shared;
static struct settings settings = {.boot = "k3f9"};
static struct job job;

static void begin(uint64_t seq, uint64_t limit_us, size_t size)
{
    const struct wire_head run = {
        .type = WIRE_RUN, .job = seq, .time_us = limit_us, .size = size, .payload_max = RESULT_MAX};

    ck_assert_int_eq(job_begin(&job, &run), 0);
    if (limit_us)
        job_begin_limit(&job, limit_us);
}

static void set_up(void)
{
    job_init(&job, &module_functions, &settings, &shared, NULL);
}

static void tear_down(void)
{
    job_destroy(&job);
}

/* Runs `run` on `input` and returns the answer. */
static struct wire_head outcome_of(int (*run)(tm_job *), const char *input)
{
    struct module module = {.descriptor = {.name = "m", .run = run}, .name = "m"};
    struct wire_head head;

    begin(17, 0, strlen(input));
    memcpy(job.input.data, input, strlen(input));
    job_run(&job, &module);
    job_answer(&job, &head);
    return head;
}

static void assert_failed(struct wire_head head, enum wire_kind kind, const char *code,
                          const char *message, const char *details)
{
    ck_assert_uint_eq(head.type, WIRE_FAILED);
    ck_assert_uint_eq(head.kind, kind);
    ck_assert_str_eq(head.name, code);
    ck_assert_str_eq(job.message, message);
    ck_assert_uint_eq(head.text_len, strlen(message));
    ck_assert_uint_eq(head.size, strlen(details));
    ck_assert_mem_eq(job.result.data, details, strlen(details));
}

static void assert_done(struct wire_head head, const char *result)
{
    ck_assert_uint_eq(head.type, WIRE_DONE);
    ck_assert_uint_eq(head.kind, WIRE_KIND_NONE);
    ck_assert_uint_eq(head.job, 17);
    ck_assert_uint_eq(head.text_len, 0);
    ck_assert_uint_eq(head.size, strlen(result));
    ck_assert_mem_eq(job.result.data, result, strlen(result));
}

static int run_nothing(tm_job *j)
{
    (void)j;
    return 0;
}

static int run_pieces(tm_job *j)
{
    size_t len;
    const char *data = tm_job_data(j, &len);

    ck_assert_uint_eq(len, 2);
    ck_assert_str_eq(data, "ab"); /* NUL-terminated */
    ck_assert_int_eq(tm_reply(j, data, len), 0);
    tm_progress(j, 0.5, "half of %d", 2);
    ck_assert_int_eq(tm_part(j, "-part-", 6), 0);
    ck_assert_int_eq(tm_reply(j, NULL, 0), 0);
    return tm_reply(j, "cd", 2);
}

START_TEST(zero_is_done_with_what_was_replied)
{
    assert_done(outcome_of(run_nothing, ""), "");
    assert_done(outcome_of(run_pieces, "ab"), "ab-part-cd");
    job_end(&job);
    assert_done(outcome_of(run_nothing, "ab"), "");
}
END_TEST

static int run_retry(tm_job *j)
{
    return tm_retry(j, 1500, "busy", "in %d", 2);
}

static int run_retry_at_once(tm_job *j)
{
    return tm_retry(j, 0, "busy", "at once");
}

static int run_retry_too_late(tm_job *j)
{
    tm_fail(j, "bad-input", "never");
    return tm_retry(j, 1500, "busy", "later");
}

START_TEST(a_retry_is_a_failure_with_a_pause)
{
    struct wire_head head = outcome_of(run_retry, "");

    assert_failed(head, WIRE_KIND_MODULE, "busy", "in 2", "");
    ck_assert_uint_eq(head.retry_ms, 1500);
    ck_assert_uint_eq(outcome_of(run_retry_at_once, "").retry_ms, 1);
    head = outcome_of(run_retry_too_late, "");
    assert_failed(head, WIRE_KIND_MODULE, "bad-input", "never", "");
    ck_assert_uint_eq(head.retry_ms, 0);
    ck_assert_uint_eq(outcome_of(run_nothing, "").retry_ms, 0);
}
END_TEST

static int run_burn(tm_job *j)
{
    const struct timespec begun = {.tv_sec = 0};
    struct timespec now = begun;
    (void)j;
    for (clock_t end = clock() + CLOCKS_PER_SEC / 50; clock() < end;)
        clock_gettime(CLOCK_MONOTONIC, &now);
    return 0;
}

START_TEST(usage_is_measured_if_asked_for)
{
    const struct wire_head run = {.job = 18, .payload_max = 9, .wants = WIRE_WANTS_USAGE};
    struct module module = {.descriptor = {.name = "m", .run = run_burn}, .name = "m"};
    struct wire_head head = outcome_of(run_burn, "");

    ck_assert(head.cpu_us == 0 && head.rss == 0);
    ck_assert_int_eq(job_begin(&job, &run), 0);
    ck_assert(!job_fits_slot(&job));
    job_run(&job, &module);
    job_answer(&job, &head);
    ck_assert_uint_ge(head.cpu_us, 15000);
    ck_assert_uint_gt(head.rss, 100000);
    ck_assert_uint_eq(shared.usage_job, 18);
    ck_assert_uint_gt(shared.usage_cpu_us, 15000); /* of the first run */
}
END_TEST

static int run_nonzero(tm_job *j)
{
    tm_reply(j, "so far", 6);
    return -3;
}

START_TEST(nonzero_without_words_is_run_failed)
{
    assert_failed(outcome_of(run_nonzero, ""), WIRE_KIND_MODULE, "run-failed",
                  "module m: run returned -3 and did not say why", "so far");
}
END_TEST

static int run_fail_twice(tm_job *j)
{
    ck_assert_int_eq(tm_reply(j, "before ", 7), 0);
    ck_assert_int_eq(tm_fail(j, "first", "the %d%s", 1, "st"), -1);
    ck_assert_int_eq(tm_fail(j, "second", "the 2nd"), -1);
    ck_assert_int_eq(tm_reply(j, "after", 5), 0);
    return 0;
}

START_TEST(first_failure_wins_and_takes_the_replies_along)
{
    assert_failed(outcome_of(run_fail_twice, ""), WIRE_KIND_MODULE, "first", "the 1st",
                  "before after");
    job_end(&job);
    assert_done(outcome_of(run_nothing, ""), ""); /* an outcome does not outlast its job */
}
END_TEST

static int run_too_large(tm_job *j)
{
    char data[RESULT_MAX] = "";

    ck_assert_int_eq(tm_reply(j, data, sizeof(data)), 0);
    ck_assert_int_eq(tm_reply(j, "", 0), 0);
    ck_assert_int_eq(tm_reply(j, "x", 1), -1);
    ck_assert_int_eq(tm_reply(j, "", 0), -1);
    ck_assert_int_eq(tm_fail(j, "late", "too late"), -1);
    return 0;
}

START_TEST(a_result_beyond_payload_max_is_too_large)
{
    assert_failed(outcome_of(run_too_large, ""), WIRE_KIND_TOO_LARGE, "",
                  "the result exceeds payload-max (100 bytes)", "");
}
END_TEST

static int run_huge(tm_job *j)
{
    return tm_reply(j, "x", SIZE_MAX);
}

START_TEST(a_length_that_would_wrap_is_too_large)
{
    ck_assert_uint_eq(outcome_of(run_huge, "").kind, WIRE_KIND_TOO_LARGE);
}
END_TEST

static int run_large_details(tm_job *j)
{
    char data[RESULT_MAX + 1] = "";

    tm_fail(j, "mine", "my own words");
    ck_assert_int_eq(tm_reply(j, data, sizeof(data)), -1);
    return tm_reply(j, "short", 5);
}

START_TEST(details_that_do_not_fit_leave_the_failure_as_it_is)
{
    assert_failed(outcome_of(run_large_details, ""), WIRE_KIND_MODULE, "mine", "my own words",
                  "short");
}
END_TEST

static const char *code;

static int run_code(tm_job *j)
{
    return tm_fail(j, code, "words");
}

START_TEST(codes_are_checked)
{
    static const char longest[] =
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde-";
    static const char *const bad[] = {
        "",
        "Upper",
        "with space",
        "under_score",
        "caf\xc3\xa9",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0",
    };

    code = longest;
    ck_assert_str_eq(outcome_of(run_code, "").name, longest);
    code = NULL;
    ck_assert_str_eq(outcome_of(run_code, "").name, "bad-code");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        code = bad[i];
        ck_assert_str_eq(outcome_of(run_code, "").name, "bad-code");
    }
}
END_TEST

static int run_long_message(tm_job *j)
{
    return tm_fail(j, "long", "%511s\xe2\x82\xac\n%s", "", "more");
}

static int run_dirty_message(tm_job *j)
{
    return tm_fail(j, "dirty", "a\nb\xff%s", tm_job_data(j, NULL));
}

START_TEST(messages_are_cut_and_cleaned)
{
    ck_assert_uint_eq(outcome_of(run_long_message, "").text_len, 511);
    assert_failed(outcome_of(run_dirty_message, "c"), WIRE_KIND_MODULE, "dirty",
                  "a b\xef\xbf\xbd"
                  "c",
                  "");
}
END_TEST

START_TEST(a_refused_module_is_unavailable)
{
    struct wire_head head;

    begin(17, 0, 0);
    job_refuse(&job, &(struct refusal){.text = "no such file"});
    job_answer(&job, &head);
    assert_failed(head, WIRE_KIND_UNAVAILABLE, "", "no such file", "");
}
END_TEST

START_TEST(id_is_boot_and_number)
{
    begin(17, 0, 0);
    ck_assert_str_eq(tm_job_id(&job.tm), "k3f9-17");
    begin(UINT64_MAX, 0, 0);
    ck_assert_str_eq(tm_job_id(&job.tm), "k3f9-18446744073709551615");
}
END_TEST

START_TEST(origin_and_attempt_are_as_the_keeper_said)
{
    begin(17, 0, 0);
    ck_assert_str_eq(tm_job_origin(&job.tm), "k3f9-17");
    ck_assert_uint_eq(tm_job_attempt(&job.tm), 1);
    job.origin = (struct wire_origin){.attempt = 3, .id = "q-17"};
    ck_assert_str_eq(tm_job_origin(&job.tm), "q-17");
    ck_assert_uint_eq(tm_job_attempt(&job.tm), 3);
}
END_TEST

/* A module built with this header, in a worker of the first release. */
START_TEST(an_older_worker_lacks_the_newer_calls)
{
    struct tm_functions first = module_functions;
    first.size = offsetof(struct tm_functions, origin);
    first.origin = NULL;
    first.attempt = NULL;
    first.stop_reason = NULL;
    first.retry = NULL;
    job.tm.functions = &first;
    begin(17, 0, 0);
    ck_assert_str_eq(tm_job_origin(&job.tm), "k3f9-17");
    ck_assert_uint_eq(tm_job_attempt(&job.tm), 1);
    ck_assert_str_eq(tm_stop_reason(&job.tm), "");
}
END_TEST

START_TEST(time_left_counts_down_to_zero)
{
    begin(1, 0, 0);
    ck_assert_int_eq(tm_job_time_left_ms(&job.tm), -1);
    begin(1, 60000000, 0);
    ck_assert_int_gt(tm_job_time_left_ms(&job.tm), 30000);
    ck_assert_int_le(tm_job_time_left_ms(&job.tm), 60000);
    begin(1, 1, 0);
    while (tm_job_time_left_ms(&job.tm) > 0)
        ;
    ck_assert_int_eq(tm_job_time_left_ms(&job.tm), 0);
}
END_TEST

START_TEST(the_reason_of_a_stop)
{
    static const char *const words[] = {"",         "cancel", "timeout", "soft-timeout",
                                        "shutdown", "link",   "reader",  ""};

    begin(5, 0, 0);
    ck_assert_str_eq(tm_stop_reason(&job.tm), "");
    shared.page.stop_job = 5;
    for (uint32_t reason = 0; reason < sizeof(words) / sizeof(words[0]); reason++) {
        shared.page.stop_reason = reason;
        ck_assert_str_eq(tm_stop_reason(&job.tm), words[reason]);
    }
    shared.page.stop_reason = UINT32_MAX;
    ck_assert_str_eq(tm_stop_reason(&job.tm), "");
}
END_TEST

START_TEST(the_stop_word_stops_its_own_job_only)
{
    begin(5, 0, 0);
    shared.page.stop_job = 4;
    ck_assert(!tm_should_stop(&job.tm));
    shared.page.stop_job = 5;
    ck_assert(tm_should_stop(&job.tm));
    begin(6, 0, 0);
    ck_assert(!tm_should_stop(&job.tm));
    ck_assert_str_eq(tm_stop_reason(&job.tm), "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker job");
    TCase *tc = tcase_create("job");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, zero_is_done_with_what_was_replied);
    tcase_add_test(tc, nonzero_without_words_is_run_failed);
    tcase_add_test(tc, a_retry_is_a_failure_with_a_pause);
    tcase_add_test(tc, usage_is_measured_if_asked_for);
    tcase_add_test(tc, first_failure_wins_and_takes_the_replies_along);
    tcase_add_test(tc, a_result_beyond_payload_max_is_too_large);
    tcase_add_test(tc, a_length_that_would_wrap_is_too_large);
    tcase_add_test(tc, details_that_do_not_fit_leave_the_failure_as_it_is);
    tcase_add_test(tc, codes_are_checked);
    tcase_add_test(tc, messages_are_cut_and_cleaned);
    tcase_add_test(tc, a_refused_module_is_unavailable);
    tcase_add_test(tc, id_is_boot_and_number);
    tcase_add_test(tc, origin_and_attempt_are_as_the_keeper_said);
    tcase_add_test(tc, an_older_worker_lacks_the_newer_calls);
    tcase_add_test(tc, time_left_counts_down_to_zero);
    tcase_add_test(tc, the_reason_of_a_stop);
    tcase_add_test(tc, the_stop_word_stops_its_own_job_only);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
