/* test_file_room: the clients' share of the limit of open files leaves room for the workers. */
#include "base/file_room.h"

#include "tests/unit/support.h"

#include <sys/resource.h>

START_TEST(test_plenty)
{
    struct file_room room = file_room_share(1 << 20, 1024, 16);
    ck_assert_uint_gt(room.clients, 1024);
    ck_assert_uint_eq(room.unauthenticated, 128);
    ck_assert_uint_lt(room.wanted, 1 << 20);
    ck_assert_uint_ge(room.wanted, 1024 + 128 + 3 * 16);
}
END_TEST

START_TEST(test_unknown)
{
    ck_assert_uint_eq(file_room_share(0, 1024, 16).clients, UINT64_MAX);
    ck_assert_uint_eq(file_room_share(UINT64_MAX, 1024, 16).unauthenticated, 128);
}
END_TEST

/* At every limit, clients, unauthenticated connections and workers together stay below it. */
START_TEST(test_room_for_workers)
{
    for (uint64_t limit = 48; limit <= 65536; limit += 16) {
        for (uint32_t pool_max = 1; 3 * pool_max <= limit / 2 - 16;
             pool_max = pool_max * 3 / 2 + 1) {
            struct file_room room = file_room_share(limit, 1000, pool_max);
            hot_assert(room.clients >= limit / 8);
            hot_assert(room.unauthenticated >= 4);
            hot_assert_msg(room.clients + room.unauthenticated + 3 * pool_max < limit,
                           "%ju clients of %ju files, pool-max %u", (uintmax_t)room.clients,
                           (uintmax_t)limit, pool_max);
        }
    }
}
END_TEST

/* Too many workers for the limit do not take all files from the clients. */
START_TEST(test_too_many_workers)
{
    struct file_room room = file_room_share(256, 1000, 4096);
    ck_assert_uint_eq(room.clients, 32);
    ck_assert_uint_gt(room.wanted, 256);
}
END_TEST

START_TEST(test_raise)
{
    struct rlimit files = {.rlim_cur = 100, .rlim_max = 200};
    uint64_t limit = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
    ck_assert_uint_eq(file_room_raise(&limit), 100);
    ck_assert_uint_eq(limit, 200);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    ck_assert_uint_eq(files.rlim_cur, 200);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file_room");
    TCase *tc = tcase_create("file_room");
    tcase_add_test(tc, test_plenty);
    tcase_add_test(tc, test_unknown);
    tcase_add_test(tc, test_room_for_workers);
    tcase_add_test(tc, test_too_many_workers);
    tcase_add_test(tc, test_raise);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
