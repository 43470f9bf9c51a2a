/* The limits of a worker's process, and its closing to others. */
#include "tests/unit/suite.h"
#include "tests/unit/worker/one_worker.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static void assert_limit(__rlimit_resource_t which, uint64_t max)
{
    struct rlimit limit;

    ck_assert_int_eq(prlimit(master.pid, which, NULL, &limit), 0);
    ck_assert_uint_eq(limit.rlim_cur, max);
    ck_assert_uint_eq(limit.rlim_max, max);
}

static void assert_proc(const char *file, const char *words)
{
    char *text = read_proc(master.pid, file);

    ck_assert_msg(strstr(text, words) != NULL, "%s is not in %s:\n%s", words, file, text);
    free(text);
}

START_TEST(limits_are_set)
{
    master_limits = (struct worker_limits){.memory_max = (uint64_t)1 << 40,
                                           .files_max = 77,
                                           .core_max = 4096,
                                           .file_size_max = 8192,
                                           .nice = 3,
                                           .oom_score_adj = 800,
                                           .no_new_privs = 1};
    if (SANITIZED)
        master_limits.memory_max = 0;
    start_with_test_modules("");
    if (!SANITIZED)
        assert_limit(RLIMIT_AS, (uint64_t)1 << 40);
    assert_limit(RLIMIT_NOFILE, 77);
    assert_limit(RLIMIT_CORE, 4096);
    assert_limit(RLIMIT_FSIZE, 8192);
    ck_assert_int_eq(getpriority(PRIO_PROCESS, (id_t)master.pid), getpriority(PRIO_PROCESS, 0) + 3);
    assert_proc("oom_score_adj", "800\n");
    assert_proc("status", "NoNewPrivs:\t1\n");
    fake_master_finish(&master);
}
END_TEST

START_TEST(without_limits_everything_is_as_the_masters)
{
    static const __rlimit_resource_t same[] = {RLIMIT_AS, RLIMIT_FSIZE};
    struct rlimit limit;

    start_with_test_modules("");
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        getrlimit(same[i], &limit);
        assert_limit(same[i], limit.rlim_cur);
    }
    ck_assert_int_eq(prlimit(master.pid, RLIMIT_NOFILE, NULL, &limit), 0);
    ck_assert_uint_eq(limit.rlim_cur, 200);
    ck_assert_int_eq(getpriority(PRIO_PROCESS, (id_t)master.pid), getpriority(PRIO_PROCESS, 0));
    assert_proc("status", "NoNewPrivs:\t0\n");
    assert_limit(RLIMIT_CORE, 0);
    fake_master_finish(&master);
}
END_TEST

/* Not even root gets so many descriptors. */
START_TEST(a_refused_limit_is_told_and_the_worker_works)
{
    master_limits.files_max = (uint64_t)1 << 40;
    start_with_test_modules("");
    fake_master_expect_log(&master, "cannot set files-max to 1099511627776: Operation not "
                                    "permitted: it stays 200");
    assert_done(fake_master_ask(&master, "probe", "inits"), "1");
    fake_master_finish(&master);
}
END_TEST

START_TEST(a_closed_worker_still_knows_itself)
{
    struct worker_shared *shared;

    master_limits.open = 0;
    start_with_test_modules("");
    assert_done(fake_master_ask(&master, "leave", "dumpable"), "no");
    shared = (struct worker_shared *)master.page;
    while (__atomic_load_n(&shared->rss, __ATOMIC_RELAXED) == 0)
        ck_assert(!ended_within(master.pid_fd, 10));
    fake_master_finish(&master);
}
END_TEST

START_TEST(an_open_worker_is_dumpable)
{
    start_with_test_modules("");
    assert_done(fake_master_ask(&master, "leave", "dumpable"), "yes");
    fake_master_finish(&master);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker confine");
    TCase *tc = tcase_create("confine");

    tcase_set_timeout(tc, TEST_TIMEOUT_S);
    tcase_add_test(tc, limits_are_set);
    tcase_add_test(tc, without_limits_everything_is_as_the_masters);
    tcase_add_test(tc, a_refused_limit_is_told_and_the_worker_works);
    tcase_add_test(tc, a_closed_worker_still_knows_itself);
    tcase_add_test(tc, an_open_worker_is_dumpable);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
