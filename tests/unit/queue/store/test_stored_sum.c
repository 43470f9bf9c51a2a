/* test_stored_sum: each member of a job counts in one of its sums. */
#include "queue/store/stored_sum.h"

#include "tests/unit/support.h"

static const struct stored_wish wish = {
    .module = "echo", .owner = "web", .id = "7", .context = "{}", .key = "key", .priority = 5};

static struct stored_job job_with(const struct stored_wish *of)
{
    return (struct stored_job){
        .seq = 4,
        .wish = *of,
        .run = {.state = STORED_ENDED, .attempt = 1},
        .outcome = {.reason = "error", .fields = ",\"a\":1", .ended_ms = 5, .over_ms = 6},
        .input = {.size = 3, .sum = 8},
        .result = {.size = 2, .sum = 9},
    };
}

static const struct change {
    size_t at, size; /* a member, and bytes of it */
} wishes[] =
    {
#define MEMBER(member)                                                                \
    {                                                                                 \
        offsetof(struct stored_job, member), sizeof(((struct stored_job *)0)->member) \
    }
        MEMBER(wish.digest),         MEMBER(wish.priority),    MEMBER(wish.retry_on),
        MEMBER(wish.is_detached),    MEMBER(wish.wants_usage), MEMBER(wish.retries),
        MEMBER(wish.retry_delay_ms), MEMBER(wish.timeout_ms),  MEMBER(wish.soft_timeout_ms),
        MEMBER(wish.max_wait_ms),    MEMBER(wish.ttl_ms),      MEMBER(wish.submitted_ms),
        MEMBER(input.size),          MEMBER(input.sum),        MEMBER(seq),
},
  runs[] =
      {
          MEMBER(run.state),      MEMBER(run.is_cancelled),
          MEMBER(run.attempt),    MEMBER(run.failures),
          MEMBER(run.losses),     MEMBER(run.due_ms),
          MEMBER(run.expires_ms), MEMBER(seq),
},
  outcomes[] = {
      MEMBER(outcome.is_done), MEMBER(outcome.ended_ms), MEMBER(outcome.over_ms),
      MEMBER(result.size),     MEMBER(result.sum),       MEMBER(seq),
};

static void check_changes(uint64_t sum(const struct stored_job *job), const struct change *changes,
                          size_t count)
{
    struct stored_job job = job_with(&wish);
    uint64_t before = sum(&job);
    ck_assert_uint_lt(before, UINT64_C(1) << 63);
    for (size_t i = 0; i < count; i++)
        for (size_t byte = 0; byte < changes[i].size; byte++) {
            unsigned char *at = (unsigned char *)&job + changes[i].at + byte;
            *at ^= 1;
            ck_assert_uint_ne(sum(&job), before);
            *at ^= 1;
            ck_assert_uint_eq(sum(&job), before);
        }
}

START_TEST(test_members)
{
    check_changes(stored_sum_wish, wishes, SUPPORT_COUNT(wishes));
    check_changes(stored_sum_run, runs, SUPPORT_COUNT(runs));
    check_changes(stored_sum_outcome, outcomes, SUPPORT_COUNT(outcomes));
}
END_TEST

START_TEST(test_texts)
{
    struct stored_job job = job_with(&wish);
    uint64_t before = stored_sum_wish(&job);
    const char **texts[] = {&job.wish.module, &job.wish.owner, &job.wish.id, &job.wish.context,
                            &job.wish.key};
    for (size_t i = 0; i < SUPPORT_COUNT(texts); i++) {
        const char *text = *texts[i];
        *texts[i] = "";
        uint64_t empty = stored_sum_wish(&job);
        *texts[i] = NULL;
        ck_assert_uint_ne(stored_sum_wish(&job), empty);
        ck_assert_uint_ne(empty, before);
        *texts[i] = text;
    }
    job.wish.module = "echow"; /* the same bytes, cut elsewhere */
    job.wish.owner = "eb";
    ck_assert_uint_ne(stored_sum_wish(&job), before);
}
END_TEST

/* What the store adds by itself. */
START_TEST(test_differences)
{
    struct stored_job job = job_with(&wish);
    uint64_t sum = stored_sum_wish(&job), run = stored_sum_run(&job);
    uint64_t outcome = stored_sum_outcome(&job);
    job.wish.is_detached = true;
    ck_assert_uint_eq(stored_sum_wish(&job), sum + 1);
    job.outcome.over_ms += 100;
    ck_assert_uint_eq(stored_sum_outcome(&job), outcome + 100);
    job.run.is_cancelled = true;
    ck_assert_uint_eq(stored_sum_run(&job), run + STORED_SUM_CANCELLED);
    job.run.state -= 1;
    ck_assert_uint_eq(stored_sum_run(&job), run + STORED_SUM_CANCELLED - STORED_SUM_STATE);
    ck_assert_uint_eq(stored_sum_outcome(&job), 0);
}
END_TEST

START_TEST(test_bodies)
{
    char bytes[] = "some bytes";
    struct stored_body body = {.size = sizeof bytes, .data = bytes}, none = {0};
    uint64_t sum = stored_sum_body(4, false, &body);
    ck_assert_uint_eq(stored_sum_body(4, false, &none), 0);
    ck_assert_uint_ne(stored_sum_body(4, true, &body), sum);
    ck_assert_uint_ne(stored_sum_body(5, false, &body), sum);
    bytes[3] ^= 4;
    ck_assert_uint_ne(stored_sum_body(4, false, &body), sum);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stored_sum");
    TCase *tc = tcase_create("stored_sum");
    tcase_add_test(tc, test_members);
    tcase_add_test(tc, test_texts);
    tcase_add_test(tc, test_differences);
    tcase_add_test(tc, test_bodies);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
