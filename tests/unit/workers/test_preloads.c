/* test_preloads: the modules to load, for each pool, over reloads. */
#include "workers/preloads.h"

#include "tests/unit/suite.h"

#include <check.h>
#include <string.h>

static struct worker_preloads preloads = SLIST_HEAD_INITIALIZER(preloads);
static char *fib[] = {"fib"}, *math[] = {"math", "wc"};
static const struct option_list none, list_of_fib = {fib, 1}, list_of_math = {math, 2};

/* The pools at the moment, as far as they are looked at: one, or none. */
static struct pools pools;
static struct dispatcher pool = {.name = "a"};

static void set_up(void)
{
    LIST_INIT(&pools.list);
    LIST_INSERT_HEAD(&pools.list, &pool, link);
}

static void tear_down(void)
{
    worker_preloads_free(&preloads);
}

/* With an entry for the pool "a", unless `own` is NULL. */
static void configure(const struct option_list *top, const struct option_list *own)
{
    struct pool_settings entry = {.name = "a", .preload = own ? *own : none};
    struct job_settings settings = {.pool.preload = *top, .pools = {&entry, own ? 1 : 0}};
    worker_preloads_configure(&preloads, &settings, &pools);
}

static void check_text(const char *name, const char *text, size_t len)
{
    struct worker_welcome *found = worker_preloads_ref(&preloads, name);
    ck_assert_int_eq(found != NULL, text != NULL);
    if (!found)
        return;
    ck_assert_uint_eq(found->text_len, len);
    ck_assert_mem_eq(found->text, text, len);
    worker_welcome_unref(found);
}

static const char text_of_fib[] = "preload=fib", text_of_math[] = "preload=math\0preload=wc";

START_TEST(test_each_pool_has_its_own)
{
    configure(&list_of_fib, &list_of_math);
    check_text("default", text_of_fib, sizeof text_of_fib);
    check_text("a", text_of_math, sizeof text_of_math);
    check_text("b", NULL, 0);
    configure(&none, &list_of_fib);
    check_text("default", NULL, 0);
    check_text("a", text_of_fib, sizeof text_of_fib);
    configure(&none, &none);
    check_text("a", NULL, 0);
    ck_assert(SLIST_EMPTY(&preloads));
}
END_TEST

START_TEST(test_a_removed_pool_keeps_its_own)
{
    configure(&none, &list_of_math);
    configure(&list_of_fib, NULL);
    configure(&list_of_math, NULL);
    check_text("a", text_of_math, sizeof text_of_math);
    check_text("default", text_of_math, sizeof text_of_math);
    LIST_REMOVE(&pool, link);
    configure(&none, NULL);
    check_text("a", NULL, 0);
}
END_TEST

START_TEST(test_a_pool_named_again)
{
    configure(&none, &list_of_math);
    configure(&none, NULL);
    configure(&none, &list_of_fib);
    check_text("a", text_of_fib, sizeof text_of_fib);
    configure(&none, &none);
    check_text("a", NULL, 0);
}
END_TEST

/* A worker started before a reload is told the text from before. */
START_TEST(test_a_reference_outlives_a_reload)
{
    configure(&list_of_math, NULL);
    struct worker_welcome *kept = worker_preloads_ref(&preloads, "default");
    configure(&list_of_fib, NULL);
    ck_assert_mem_eq(kept->text, text_of_math, sizeof text_of_math);
    worker_welcome_unref(kept);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("preloads");
    TCase *tc = tcase_create("preloads");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_each_pool_has_its_own);
    tcase_add_test(tc, test_a_removed_pool_keeps_its_own);
    tcase_add_test(tc, test_a_pool_named_again);
    tcase_add_test(tc, test_a_reference_outlives_a_reload);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
