/* Copies of a job's texts are its own. */
#include "queue/store/stored.h"

#include "tests/unit/support.h"

#include <string.h>

START_TEST(test_texts_are_copied)
{
    char module[] = "echo", id[] = "7";
    struct stored_wish wish = {.module = module, .owner = "", .id = id, .priority = 5};
    struct stored_job *job = stored_job_new(&wish);
    memset(module, 'x', 4);
    id[0] = 'x';
    ck_assert_str_eq(job->wish.module, "echo");
    ck_assert_str_eq(job->wish.id, "7");
    ck_assert_str_eq(job->wish.owner, "");
    ck_assert_ptr_null(job->wish.key);
    ck_assert_uint_eq(job->wish.priority, 5);
    stored_job_free(job);
}
END_TEST

START_TEST(test_outcome_replaces_the_one_before)
{
    struct stored_job *job =
        stored_job_new(&(struct stored_wish){.module = "m", .owner = "o", .id = "1"});
    stored_job_set_outcome(job, &(struct stored_outcome){.reason = "error", .fields = "first"});
    stored_job_set_outcome(job, &(struct stored_outcome){.is_done = true, .fields = "second"});
    ck_assert_ptr_null(job->outcome.reason);
    ck_assert_str_eq(job->outcome.fields, "second");
    ck_assert(job->outcome.is_done);
    stored_job_free(job);
    stored_job_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stored");
    TCase *tc = tcase_create("stored");
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_texts_are_copied);
    tcase_add_test(tc, test_outcome_replaces_the_one_before);
    return run_suite(suite);
}
