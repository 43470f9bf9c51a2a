/* test_backoff: pauses that grow, and begin anew. */
#include "base/backoff.h"
#include "tests/unit/suite.h"

START_TEST(test_pauses_double_up_to_a_bound)
{
    static const uint32_t pauses[] = {100, 200, 400, 700, 700};
    struct backoff backoff = {.first_ms = 100, .most_ms = 700};
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++)
            ck_assert_uint_eq(backoff_next_ms(&backoff, 0), pauses[i]);
        backoff_forget(&backoff);
    }
}
END_TEST

START_TEST(test_chance_shortens_a_pause_by_a_fifth_at_most)
{
    uint32_t least = 100;
    for (uint64_t random = 0; random < 100; random++) {
        struct backoff backoff = {.first_ms = 100, .most_ms = 700};
        uint32_t ms = backoff_next_ms(&backoff, random);
        ck_assert_uint_le(ms, 100);
        least = ms < least ? ms : least;
        ck_assert_uint_eq(backoff_next_ms(&backoff, 0), 200);
    }
    ck_assert_uint_eq(least, 80);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backoff");
    TCase *tc = tcase_create("backoff");
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_pauses_double_up_to_a_bound);
    tcase_add_test(tc, test_chance_shortens_a_pause_by_a_fifth_at_most);
    return run_suite(suite);
}
