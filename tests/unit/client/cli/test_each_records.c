/* The records of a batch: their order, their states, their bounds. */
#include "client/cli/each_records.h"
#include "client/lib/event.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>

static struct each_record *add(struct each_records *records, const char *text, size_t len)
{
    return each_records_add(records, &(struct line_text){.text = text, .len = len});
}

static tm_client_event *event_of(tm_client_event_type type)
{
    struct tmc_event *event = calloc(1, sizeof *event);
    event->shown.type = type;
    return &event->shown;
}

START_TEST(a_retry_goes_before_new_lines)
{
    struct each_records records;
    each_records_open(&records, 4);
    struct each_record *first = add(&records, "a", 1), *second = add(&records, "b", 1);
    ck_assert_ptr_eq(each_records_ready(&records), first);
    each_records_start(&records, first);
    each_records_start(&records, second);
    struct each_record *third = add(&records, "c", 1);
    ck_assert_ptr_eq(each_records_ready(&records), third);
    each_records_retry(&records, second);
    each_records_retry(&records, first);
    ck_assert_ptr_eq(each_records_ready(&records), first);
    ck_assert_ptr_eq(TAILQ_NEXT(first, in_state), second);
    ck_assert_ptr_eq(TAILQ_NEXT(second, in_state), third);
    each_records_close(&records);
}
END_TEST

START_TEST(results_wait_for_earlier_lines)
{
    struct each_records records;
    each_records_open(&records, 4);
    struct each_record *first = add(&records, "a", 1), *second = add(&records, "b", 1);
    each_records_start(&records, first);
    each_records_start(&records, second);
    each_records_end(&records, second, event_of(TM_CLIENT_EVENT_DONE), NULL);
    ck_assert_ptr_null(each_records_printable(&records, false));
    ck_assert_ptr_eq(each_records_printable(&records, true), second);
    each_records_end(&records, first, event_of(TM_CLIENT_EVENT_FAILED), NULL);
    ck_assert_ptr_eq(each_records_printable(&records, false), first);
    ck_assert_ptr_nonnull(each_records_result(second));
    ck_assert_ptr_null(each_records_result(first));
    ck_assert_uint_eq(records.figures.done, 1);
    ck_assert_uint_eq(records.figures.failed, 1);
    ck_assert_uint_eq(records.figures.running, 0);
    each_records_close(&records);
}
END_TEST

START_TEST(is_bounded)
{
    enum { LARGE = 32 * 1024 * 1024 };
    struct each_records records;
    char *large = calloc(1, LARGE);
    each_records_open(&records, 3);
    struct each_record *first = add(&records, large, LARGE);
    ck_assert(each_records_has_room(&records));
    add(&records, large, LARGE);
    ck_assert(!each_records_has_room(&records)); /* bytes */
    each_records_end(&records, first, NULL, "fault");
    each_records_remove(&records, first);
    add(&records, "", 0);
    ck_assert(each_records_has_room(&records));
    add(&records, "", 0);
    ck_assert(!each_records_has_room(&records)); /* number */
    ck_assert_uint_eq(records.figures.bytes, LARGE + 1);
    each_records_close(&records);
    ck_assert_uint_eq(records.held, 0);
    ck_assert_uint_eq(records.bytes, 0);
    free(large);
}
END_TEST

START_TEST(ends_all)
{
    struct each_records records;
    each_records_open(&records, 4);
    struct each_record *ready = add(&records, "a", 1), *flight = add(&records, "b", 1);
    each_records_start(&records, flight);
    each_records_end_all(&records, "not submitted", NULL);
    ck_assert_str_eq(ready->fault, "not submitted");
    ck_assert_int_eq(flight->state, EACH_IN_FLIGHT);
    each_records_end_all(&records, "late", "lost");
    ck_assert_str_eq(ready->fault, "not submitted");
    ck_assert_str_eq(flight->fault, "lost");
    each_records_close(&records);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_retry_goes_before_new_lines,
        results_wait_for_earlier_lines,
        is_bounded,
        ends_all,
    };
    TCase *tcase = tcase_create("each_records");
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client each_records");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
