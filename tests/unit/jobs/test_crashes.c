/* test_crashes: the last crashes of each module. */
#include "jobs/crashes.h"

#include "tests/unit/support.h"

#include <signal.h>

static struct crashes crashes;

static void set_up(void)
{
    crashes_init(&crashes);
}

static void tear_down(void)
{
    crashes_free(&crashes);
    ck_assert_uint_eq(crashes.count, 0);
}

static void note(const char *module, uint32_t fingerprint, uint64_t now_us)
{
    char text[32];
    snprintf(text, sizeof text, "{\"at\":%u}", (unsigned)now_us);
    crashes_note(&crashes,
                 &(struct crash_note){.module = module,
                                      .fingerprint = fingerprint,
                                      .signal = SIGSEGV,
                                      .job = now_us,
                                      .text = text},
                 now_us);
}

static size_t count_of(const char *module)
{
    const struct crash_entry *entry;
    size_t count = 0;
    TAILQ_FOREACH (entry, &crashes.list, link)
        count += strcmp(entry->module, module) == 0;
    return count;
}

START_TEST(test_same_place)
{
    note("a", 1, 10);
    note("a", 2, 20);
    note("b", 1, 30);
    note("a", 1, 40);
    ck_assert_uint_eq(crashes.count, 3);
    const struct crash_entry *first = TAILQ_FIRST(&crashes.list);
    ck_assert_str_eq(first->module, "a");
    ck_assert_uint_eq(first->fingerprint, 1);
    ck_assert_uint_eq(first->count, 2);
    ck_assert_uint_eq(first->first_us, 10);
    ck_assert_uint_eq(first->last_us, 40);
    ck_assert_uint_eq(first->last_job, 40);
    ck_assert_str_eq(first->text, "{\"at\":40}");
    ck_assert_str_eq(TAILQ_NEXT(first, link)->module, "b");
}
END_TEST

START_TEST(test_last_of_module)
{
    note("b", 1, 1);
    for (uint32_t i = 0; i < CRASHES_OF_MODULE_MAX; i++)
        note("a", i, 10 + i);
    note("a", 0, 50); /* is the last one again */
    note("a", 100, 60);
    ck_assert_uint_eq(count_of("a"), CRASHES_OF_MODULE_MAX);
    ck_assert_uint_eq(count_of("b"), 1);
    const struct crash_entry *entry;
    TAILQ_FOREACH (entry, &crashes.list, link)
        ck_assert(entry->fingerprint != 1 || strcmp(entry->module, "b") == 0);
}
END_TEST

START_TEST(test_limit)
{
    char module[16];
    for (unsigned i = 0; i < CRASHES_MAX + 5; i++) {
        snprintf(module, sizeof module, "m%u", i);
        note(module, 1, i);
    }
    ck_assert_uint_eq(crashes.count, CRASHES_MAX);
    ck_assert_uint_eq(count_of("m4"), 0);
    ck_assert_uint_eq(count_of("m5"), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crashes");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_same_place);
    tcase_add_test(tc, test_last_of_module);
    tcase_add_test(tc, test_limit);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
