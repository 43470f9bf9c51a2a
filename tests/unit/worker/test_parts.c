/* How the worker program sends the parts of a job. */
#include "tests/unit/suite.h"
#include "tests/unit/worker/one_worker.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* A worker with the modules of tests/modules, on a job of `parts`. */
static void begin(uint64_t job, const char *order, uint32_t wants)
{
    struct wire_head head = make_run(job, "parts", strlen(order));
    head.wants = wants;
    fake_master_send(&master, &head, sizeof(head));
    fake_master_send(&master, order, strlen(order));
}

static void expect_part(uint64_t job, size_t size)
{
    const struct answer *part = fake_master_answer(&master);
    ck_assert_uint_eq(part->head.type, WIRE_PART);
    ck_assert_uint_eq(part->head.job, job);
    ck_assert_uint_eq(part->head.size, size);
}

START_TEST(parts_precede_the_answer)
{
    start_with_test_modules("");
    begin(1, "25 10", WIRE_WANTS_PARTS);
    expect_part(1, 10);
    expect_part(1, 10);
    expect_part(1, 5);
    const struct answer *answer = fake_master_answer(&master);
    ck_assert_uint_eq(answer->head.type, WIRE_DONE);
    ck_assert_uint_eq(answer->head.kind, WIRE_DONE_WHOLE);
    ck_assert_str_eq(answer->payload, "3");
    fake_master_finish(&master);
}
END_TEST

START_TEST(pieces_are_gathered_for_others)
{
    start_with_test_modules("");
    begin(1, "4 2", 0);
    const struct answer *answer = fake_master_answer(&master);
    ck_assert_uint_eq(answer->head.type, WIRE_DONE);
    ck_assert_str_eq(answer->payload, "....2");
    fake_master_finish(&master);
}
END_TEST

/* Job 1 has its parts refused from the beginning; job 2 is another one. */
START_TEST(unwanted_parts_are_refused)
{
    const struct answer *answer;
    start_with_test_modules("");
    __atomic_store_n(&master.page->partless_job, 1, __ATOMIC_RELEASE);
    begin(1, _i ? "25 10 deaf" : "25 10", WIRE_WANTS_PARTS);
    answer = fake_master_answer(&master);
    ck_assert_uint_eq(answer->head.type, _i ? WIRE_DONE : WIRE_FAILED);
    if (_i)
        ck_assert_uint_eq(answer->head.kind, WIRE_DONE_PARTLY);
    else
        ck_assert_str_eq(answer->head.name, "refused");
    begin(2, "5 10", WIRE_WANTS_PARTS);
    expect_part(2, 5);
    answer = fake_master_answer(&master);
    ck_assert_uint_eq(answer->head.type, WIRE_DONE);
    ck_assert_uint_eq(answer->head.kind, WIRE_DONE_WHOLE);
    fake_master_finish(&master);
}
END_TEST

/* The worker waits for the reader, and finds out that nobody wants the rest. */
START_TEST(a_waiting_worker_finds_out)
{
    const struct answer *answer;
    start_with_test_modules("");
    begin(1, "1000000000 65536", WIRE_WANTS_PARTS);
    expect_part(1, 65536);
    __atomic_store_n(&master.page->partless_job, 1, __ATOMIC_RELEASE);
    while ((answer = fake_master_answer(&master))->head.type == WIRE_PART)
        ;
    ck_assert_uint_eq(answer->head.type, WIRE_FAILED);
    ck_assert_str_eq(answer->head.name, "refused");
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_part_beyond_the_limit_fails_the_job)
{
    start_with_test_modules("");
    struct wire_head head = make_run(1, "parts", 5);
    head.wants = WIRE_WANTS_PARTS;
    head.payload_max = 10;
    fake_master_send(&master, &head, sizeof(head));
    fake_master_send(&master, "20 11", 5);
    const struct answer *answer = fake_master_answer(&master);
    ck_assert_uint_eq(answer->head.type, WIRE_FAILED);
    ck_assert_uint_eq(answer->head.kind, WIRE_KIND_TOO_LARGE);
    ck_assert_uint_eq(answer->head.size, 0);
    fake_master_finish(&master);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("parts");
    TCase *tc = tcase_create("parts");
    tcase_set_timeout(tc, TEST_TIMEOUT_S);
    tcase_add_test(tc, parts_precede_the_answer);
    tcase_add_test(tc, pieces_are_gathered_for_others);
    tcase_add_loop_test(tc, unwanted_parts_are_refused, 0, 2);
    tcase_add_test(tc, a_waiting_worker_finds_out);
    tcase_add_test(tc, a_part_beyond_the_limit_fails_the_job);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
