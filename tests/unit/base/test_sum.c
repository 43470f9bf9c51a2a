/* test_sum: sums do not depend on the cuts, and are the same for ever. */
#include "base/sum.h"

#include "tests/unit/support.h"

static uint64_t sum_of(const void *bytes, size_t size)
{
    struct sum sum;
    sum_begin(&sum);
    sum_bytes(&sum, bytes, size);
    return sum_end(&sum);
}

/* Stores on disk have these. */
START_TEST(test_known_sums)
{
    ck_assert_uint_eq(sum_of("", 0), 5204899886809503783u);
    ck_assert_uint_eq(sum_of("taskqueued", 10), 3073735565687715699u);
    struct sum sum;
    sum_begin(&sum);
    sum_number(&sum, 0x0102030405060708u);
    ck_assert_uint_eq(sum_end(&sum), sum_of("\x08\x07\x06\x05\x04\x03\x02\x01", 8));
}
END_TEST

START_TEST(test_cuts)
{
    unsigned char bytes[64];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 37 + 200);
    for (size_t first = 0; first <= sizeof bytes; first++)
        for (size_t second = first; second <= sizeof bytes; second++) {
            struct sum sum;
            sum_begin(&sum);
            sum_bytes(&sum, bytes, first);
            sum_bytes(&sum, bytes + first, second - first);
            sum_bytes(&sum, bytes + second, sizeof bytes - second);
            ck_assert_uint_eq(sum_end(&sum), sum_of(bytes, sizeof bytes));
        }
}
END_TEST

START_TEST(test_each_bit_counts)
{
    unsigned char bytes[33] = {0};
    uint64_t before = sum_of(bytes, sizeof bytes);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        ck_assert_uint_ne(sum_of(bytes, sizeof bytes), before);
        bytes[bit / 8] = 0;
    }
    ck_assert_uint_ne(sum_of(bytes, 32), before);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sum");
    TCase *tc = tcase_create("sum");
    tcase_add_test(tc, test_known_sums);
    tcase_add_test(tc, test_cuts);
    tcase_add_test(tc, test_each_bit_counts);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
