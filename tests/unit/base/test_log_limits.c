/* test_log_limits: a limit for each event, level and module. */
#include "base/log_limits.h"

#include "tests/unit/base/log_world.h"

static struct log_limits limits;

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The same, with the lines sorted by their texts. */
static const char *told_sorted(void)
{
    static char sorted[1024];
    char text[1024], *lines[16], *line, *rest = text;
    size_t count = 0;
    ssize_t n = pread(log_fd, text, sizeof text - 1, 0);
    ck_assert_int_ge(n, 0);
    text[n] = '\0';
    while ((line = strsep(&rest, "\n")) && *line)
        lines[count++] = strchr(line, ' ') + 1;
    qsort(lines, count, sizeof lines[0], compare_lines);
    *sorted = '\0';
    for (size_t i = 0; i < count; i++)
        strcat(strcat(sorted, lines[i]), "\n");
    told();
    return sorted;
}

static int allowed_for(const char *event, const char *module, int count)
{
    int allowed = 0;
    for (int i = 0; i < count; i++)
        allowed += log_limits_allow(&limits, LOG_WARN, event, module);
    return allowed;
}

START_TEST(test_each_module_has_its_own)
{
    log_limits_init(&limits, &timers);
    ck_assert_int_eq(allowed_for("worker-lost", "a", 15), LOG_LIMIT_LINES);
    ck_assert_int_eq(allowed_for("worker-lost", "b", 3), 3);
    ck_assert_int_eq(allowed_for("worker-exit", "a", 12), LOG_LIMIT_LINES);
    ck_assert_int_eq(allowed_for("worker-lost", "b", 9), 7);
    run_at(2000000);
    ck_assert_str_eq(told_sorted(),
                     "warn lines-left-out of=worker-exit module=a lines=2 rate=10\n"
                     "warn lines-left-out of=worker-lost module=a lines=5 rate=10\n"
                     "warn lines-left-out of=worker-lost module=b lines=2 rate=10\n");
    ck_assert_int_eq(allowed_for("worker-lost", "a", 11), LOG_LIMIT_LINES);
    log_limits_end(&limits);
    ck_assert_str_eq(told(), "warn lines-left-out of=worker-lost module=a lines=1 rate=10\n");
    ck_assert_uint_eq(timers_next(&timers), TIMERS_NEVER);
}
END_TEST

/* Unwritten lines of a low level hide no others. */
START_TEST(test_each_level_has_its_own)
{
    log_limits_init(&limits, &timers);
    for (int i = 0; i < 15; i++)
        log_limits_allow(&limits, LOG_DEBUG, "worker-exit", "a");
    ck_assert_int_eq(allowed_for("worker-exit", "a", 12), LOG_LIMIT_LINES);
    log_limits_end(&limits);
    ck_assert_str_eq(told(), "warn lines-left-out of=worker-exit module=a lines=2 rate=10\n");
}
END_TEST

/* Modules without an entry share one limit. All entries are free again in the next second. */
START_TEST(test_entries_are_bounded)
{
    char name[16];
    log_limits_init(&limits, &timers);
    for (int second = 1; second <= 3; second++) {
        int written = 0;
        for (int i = 0; i < 1000; i++) {
            snprintf(name, sizeof name, "m%d", second * 1000 + i);
            written += allowed_for("worker-lost", name, 1);
        }
        ck_assert_int_eq(written, LOG_LIMITS_MAX + LOG_LIMIT_LINES);
        run_at((uint64_t)second * 2000000);
        ck_assert_str_eq(told(), "warn lines-left-out of=others lines=926 rate=10\n");
    }
    log_limits_end(&limits);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log_limits");
    TCase *tc = tcase_create("log_limits");
    tcase_add_checked_fixture(tc, log_world_open, log_world_close);
    tcase_add_test(tc, test_each_module_has_its_own);
    tcase_add_test(tc, test_each_level_has_its_own);
    tcase_add_test(tc, test_entries_are_bounded);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
