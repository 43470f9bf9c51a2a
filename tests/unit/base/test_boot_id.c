/* test_boot_id: the name of a run is a word of letters and digits, another one each millisecond. */
#include "base/boot_id.h"

#include "tests/unit/suite.h"

#include <check.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void await_next_ms(void)
{
    int64_t begin = now_ms();
    while (now_ms() == begin)
        ;
}

START_TEST(test_names)
{
    char before[BOOT_ID_MAX] = "", boot[BOOT_ID_MAX];
    for (int i = 0; i < 20; i++) {
        boot_id_make(boot);
        size_t len = strnlen(boot, sizeof boot);
        ck_assert_uint_gt(len, 8);
        ck_assert_uint_lt(len, sizeof boot);
        ck_assert_uint_eq(strspn(boot, "0123456789abcdefghijklmnopqrstuvwxyz"), len);
        ck_assert_str_ne(boot, before);
        strcpy(before, boot);
        await_next_ms();
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("boot_id");
    TCase *tc = tcase_create("boot_id");
    tcase_add_test(tc, test_names);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
