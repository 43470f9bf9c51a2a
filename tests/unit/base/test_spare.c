/* test_spare: freed records come back, and no more than a few are kept. */
#include "base/spare.h"
#include "tests/unit/support.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE = 200, MANY = SPARE_MAX + 100 };

static struct spare spare;

static void free_kept(void)
{
    size_t kept = spare.count;
    for (size_t i = 0; i < kept; i++)
        free(spare_take(&spare, SIZE));
    ck_assert_uint_eq(spare.count, 0);
    ck_assert_ptr_null(spare.first);
}

/* All of a record is its owner's. */
START_TEST(test_records_do_not_overlap)
{
    char *records[MANY];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++) {
            records[i] = spare_take(&spare, SIZE);
            memset(records[i], i, SIZE);
        }
        for (int i = 0; i < MANY; i++) {
            ck_assert_int_eq(records[i][0], (char)i);
            ck_assert_int_eq(memcmp(records[i], records[i] + 1, SIZE - 1), 0);
            spare_give(&spare, records[i]);
        }
        ck_assert_uint_le(spare.count, SPARE_MAX);
    }
    free_kept();
}
END_TEST

/* Not under AddressSanitizer: there each is freed. */
START_TEST(test_the_last_comes_first)
{
    void *a = spare_take(&spare, SIZE), *b = spare_take(&spare, SIZE);
    spare_give(&spare, a);
    spare_give(&spare, b);
    if (spare.count) {
        ck_assert_uint_eq(spare.count, 2);
        ck_assert_ptr_eq(spare_take(&spare, SIZE), b);
        ck_assert_ptr_eq(spare_take(&spare, SIZE), a);
        free(a);
        free(b);
    }
    free_kept();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spare");
    TCase *tc = tcase_create("spare");
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_records_do_not_overlap);
    tcase_add_test(tc, test_the_last_comes_first);
    return run_suite(suite);
}
