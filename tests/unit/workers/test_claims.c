/* test_claims: claim words and their slots. */
#include "workers/claims.h"

#include "tests/unit/support.h"

#include <string.h>

static struct worker_shared shared;
static struct worker_claims claims;

static void set_up(void)
{
    memset(&shared, 0, sizeof shared);
    claims = (struct worker_claims){.shared = &shared};
}

static uint64_t word(uint32_t slot)
{
    return shared.claims[slot];
}

/* A job keeps its slot, however many others come and go. */
START_TEST(test_held)
{
    uint32_t begun = worker_claims_offer(&claims, 1), waiting = worker_claims_offer(&claims, 2),
             answered = worker_claims_offer(&claims, 3);
    ck_assert(claim_settle(&shared.claims[begun], 1, CLAIM_BEGUN));
    shared.claims[answered] = claim_word(3, CLAIM_ANSWERED);
    for (uint64_t job = 4; job < 4 + 10 * WORKER_CLAIMS; job++) {
        uint32_t slot = worker_claims_offer(&claims, job);
        ck_assert_uint_lt(slot, WORKER_CLAIMS);
        ck_assert_uint_eq(word(slot), claim_word(job, CLAIM_OFFERED));
        ck_assert(worker_claims_reclaim(&claims, slot, job));
    }
    ck_assert_uint_eq(word(begun), claim_word(1, CLAIM_BEGUN));
    ck_assert_uint_eq(word(waiting), claim_word(2, CLAIM_OFFERED));
    ck_assert_uint_eq(word(answered), claim_word(3, CLAIM_ANSWERED));
    ck_assert(!worker_claims_reclaim(&claims, begun, 1));
}
END_TEST

/* A released slot is free. All slots are used before one is used twice. */
START_TEST(test_released)
{
    for (uint64_t job = 1; job <= WORKER_CLAIMS; job++)
        ck_assert_uint_eq(worker_claims_offer(&claims, job), job - 1);
    worker_claims_release(&claims, 17);
    ck_assert_uint_eq(worker_claims_offer(&claims, 100), 17);
    worker_claims_release(&claims, 3);
    worker_claims_release(&claims, 40);
    ck_assert_uint_eq(worker_claims_offer(&claims, 101), 40);
    ck_assert_uint_eq(worker_claims_offer(&claims, 102), 3);
}
END_TEST

/* The word tells how far the worker has come with a job. Any other word counts as begun. */
START_TEST(test_progress)
{
    uint32_t slot = worker_claims_offer(&claims, 1);
    ck_assert(!worker_claims_has_begun(&claims, slot, 1));
    ck_assert(claim_settle(&shared.claims[slot], 1, CLAIM_BEGUN));
    ck_assert(worker_claims_has_begun(&claims, slot, 1));
    ck_assert(!worker_claims_has_answered(&claims, slot, 1));
    shared.claims[slot] = claim_word(1, CLAIM_ANSWERED);
    ck_assert(worker_claims_has_answered(&claims, slot, 1));
    shared.claims[slot] = UINT64_MAX;
    ck_assert(worker_claims_has_begun(&claims, slot, 1));
    ck_assert(!worker_claims_has_answered(&claims, slot, 1));
}
END_TEST

/* A result is copied if the word says so and its length can be true. */
START_TEST(test_result)
{
    char data[WORKER_RESULT_MAX] = "";
    size_t len = 7;
    uint64_t run_us = 0;
    uint32_t slot = worker_claims_offer(&claims, 1);
    shared.results[slot].run_us = 12;
    shared.results[slot].size = 5;
    memcpy(shared.results[slot].data, "hello", 5);
    ck_assert(!worker_claims_result(&claims, slot, 1, data, &len, &run_us));
    ck_assert_uint_eq(len, 7);
    shared.claims[slot] = claim_word(1, CLAIM_ANSWERED);
    ck_assert(!worker_claims_result(&claims, slot, 2, data, &len, &run_us));
    ck_assert(worker_claims_result(&claims, slot, 1, data, &len, &run_us));
    ck_assert_uint_eq(len, 5);
    ck_assert_uint_eq(run_us, 12);
    ck_assert_mem_eq(data, "hello", 6);
    shared.results[slot].size = WORKER_RESULT_MAX + 1;
    ck_assert(worker_claims_result(&claims, slot, 1, data, &len, &run_us));
    ck_assert_uint_eq(len, WORKER_RESULT_MAX + 1);
    ck_assert_mem_eq(data, "hello", 6);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("claims");
    TCase *tc = tcase_create("slots");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, test_held);
    tcase_add_test(tc, test_released);
    tcase_add_test(tc, test_progress);
    tcase_add_test(tc, test_result);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
