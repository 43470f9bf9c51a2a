/* test_redis_contents: counts and pauses out of a tick. */
#include "queue/redis/redis_engine_internal.h"
#include "tests/unit/queue/redis/reply_of.h"

static struct store_contents contents;

static void set(void (*call)(struct store_contents *to, const struct redis_reply *from),
                const char *text)
{
    struct redis_reply *reply = reply_of(text);
    call(&contents, reply);
    redis_reply_free(reply);
}

static bool pause(const char *text)
{
    struct redis_reply *reply = reply_of(text);
    bool has_changed = redis_contents_set_paused(&contents, reply);
    redis_reply_free(reply);
    return has_changed;
}

START_TEST(test_counts_of_a_module_are_one)
{
    set(redis_contents_set_modules,
        "*10\n$3\nwzz\n$1\n5\n$2\nha\n$1\n1\n$3\ndzz\n$1\n6\n$2\nwa\n$1\n2\n$2\nea\n:9\n");
    ck_assert_uint_eq(contents.module_count, 2);
    ck_assert_str_eq(contents.modules[0].name, "a");
    ck_assert_uint_eq(contents.modules[0].handed, 1);
    ck_assert_uint_eq(contents.modules[0].waiting, 2);
    ck_assert_uint_eq(contents.modules[0].ended, 9);
    ck_assert_str_eq(contents.modules[1].name, "zz");
    ck_assert_uint_eq(contents.modules[1].waiting, 5);
    ck_assert_uint_eq(contents.modules[1].delayed, 6);
    set(redis_contents_set_modules, "*0\n");
    ck_assert_uint_eq(contents.module_count, 0);
    redis_contents_free(&contents);
}
END_TEST

START_TEST(test_totals_and_owners)
{
    set(redis_contents_set_all, "*4\n:1\n:2\n:3\n:4\n");
    ck_assert_uint_eq(contents.all.waiting, 1);
    ck_assert_uint_eq(contents.all.delayed, 2);
    ck_assert_uint_eq(contents.all.handed, 3);
    ck_assert_uint_eq(contents.all.ended, 4);
    set(redis_contents_set_owners, "*4\n$0\n\n$1\n7\n$3\nweb\n$1\n8\n");
    ck_assert_uint_eq(contents.owner_count, 2);
    ck_assert_str_eq(contents.owners[0].name, "");
    ck_assert_uint_eq(contents.owners[1].waiting, 8);
    redis_contents_free(&contents);
}
END_TEST

START_TEST(test_pauses)
{
    ck_assert(!pause("*0\n"));
    ck_assert(pause("*2\n$1\nb\n$0\n\n"));
    ck_assert_uint_eq(contents.paused_count, 2);
    ck_assert_str_eq(contents.paused[0], "");
    ck_assert_str_eq(contents.paused[1], "b");
    ck_assert(!pause("*2\n$0\n\n$1\nb\n"));
    ck_assert(pause("*1\n$1\nb\n"));
    ck_assert(pause("*1\n$1\nc\n"));
    ck_assert(pause("*0\n"));
    redis_contents_free(&contents);
}
END_TEST

/* A broken answer is as good as none. */
START_TEST(test_other_answers)
{
    static const char *const texts[] = {
        "*1\n$1\nx\n",     "$3\nabc\n", ":7\n", "*-1\n", "$-1\n", "*4\n:1\n:2\n*0\n*1\n$1\na\n",
        "*2\n$1\nw\n$-1\n"};
    for (size_t i = 0; i < SUPPORT_COUNT(texts); i++) {
        set(redis_contents_set_modules, texts[i]);
        set(redis_contents_set_owners, texts[i]);
        set(redis_contents_set_all, texts[i]);
        pause(texts[i]);
        redis_contents_free(&contents);
    }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("redis_contents");
    tcase_add_test(tc, test_counts_of_a_module_are_one);
    tcase_add_test(tc, test_totals_and_owners);
    tcase_add_test(tc, test_pauses);
    tcase_add_test(tc, test_other_answers);
    Suite *suite = suite_create("redis_contents");
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
