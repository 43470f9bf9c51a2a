/* test_progress: the latest report in a worker's page, also a broken worker's. */
#include "workers/progress.h"

#include "tests/unit/support.h"

#include <math.h>

static struct worker_shared shared;
static struct job_progress latest;

static void set_up(void)
{
    memset(&shared, 0, sizeof shared);
}

static struct job_progress *note(uint64_t count, uint64_t job, double fraction, const char *text)
{
    struct job_progress *place = &shared.progress[count % WORKER_PROGRESS_KEPT];
    *place = (struct job_progress){.count = count, .job = job, .fraction = fraction};
    snprintf(place->message, sizeof place->message, "%s", text);
    shared.progress_count = count;
    return place;
}

START_TEST(test_latest)
{
    ck_assert(!worker_progress_latest(&shared, 7, &latest));
    for (uint64_t count = 1; count <= 3 * WORKER_PROGRESS_KEPT; count++) {
        note(count, 7, 0.25, "a quarter");
        ck_assert(worker_progress_latest(&shared, 7, &latest));
        ck_assert_uint_eq(latest.count, count);
        ck_assert_str_eq(latest.message, "a quarter");
    }
    ck_assert(!worker_progress_latest(&shared, 8, &latest));
}
END_TEST

/* The worker died while it wrote the next one. */
START_TEST(test_unfinished)
{
    note(5, 7, 0.5, "whole");
    note(6, 7, 0.75, "half writ");
    shared.progress_count = 5;
    ck_assert(worker_progress_latest(&shared, 7, &latest));
    ck_assert_str_eq(latest.message, "whole");
}
END_TEST

START_TEST(test_senseless)
{
    static const double values[][2] = {{NAN, 0}, {-1, 0}, {INFINITY, 1}, {1e300, 1}, {-0.0, 0}};
    for (size_t i = 0; i < SUPPORT_COUNT(values); i++) {
        struct job_progress *place = note(1, 7, values[i][0], "");
        memset(place->message, 'x', sizeof place->message);
        ck_assert(worker_progress_latest(&shared, 7, &latest));
        ck_assert_double_eq(latest.fraction, values[i][1]);
        ck_assert_uint_eq(strlen(latest.message), MESSAGE_MAX);
    }
    shared.progress_count = 77; /* no such report */
    ck_assert(!worker_progress_latest(&shared, 7, &latest));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("progress");
    TCase *tc = tcase_create("page");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, test_latest);
    tcase_add_test(tc, test_unfinished);
    tcase_add_test(tc, test_senseless);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
