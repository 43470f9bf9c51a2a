/* The list of jobs in flight, against a plain array of flags. */
#include "client/lib/jobs.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdbool.h>

/* Compares with a plain array of flags. Jobs end in any order. */
START_TEST(jobs)
{
    enum { COUNT = 2000 };
    static bool alive[COUNT + 1];
    struct tmc_jobs list = {0};
    uint64_t seed = 42, added = 0;
    for (int step = 0; step < 4 * COUNT; step++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        if (added < COUNT && (seed >> 33) % 2) {
            ck_assert_int_eq(tmc_jobs_reserve(&list), 0);
            added++;
            tmc_jobs_add(&list, &(struct tmc_job){.id = added, .user = &alive[added]});
            alive[added] = true;
        } else if (added > 0) {
            uint64_t id = (seed >> 33) % added + 1;
            struct tmc_job *job = tmc_jobs_find(&list, id);
            ck_assert_int_eq(job != NULL, alive[id]);
            if (job) {
                ck_assert_ptr_eq(job->user, &alive[id]);
                tmc_jobs_remove(&list, job);
            }
            alive[id] = false;
        }
    }
    size_t count = 0;
    for (uint64_t id = 1; id <= added; id++) {
        ck_assert_int_eq(tmc_jobs_find(&list, id) != NULL, alive[id]);
        count += alive[id];
    }
    ck_assert_uint_eq(list.count, count);
    tmc_jobs_free(&list);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        jobs,
    };
    TCase *tcase = tcase_create("jobs");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(tcase, tests[i]);
    Suite *suite = suite_create("client jobs");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
