/* What a worker tells of the modules that it has loaded. */
#include "worker/loaded.h"

#include "tests/unit/suite.h"

#include <check.h>
#include <string.h>

static struct worker_shared memory, *const shared = &memory;
static char text[WORKER_DESCRIBE_MAX + 2];

static const char *describe(void)
{
    return text;
}

/* Loads a module with a text of so many bytes. Returns the size of the text told. */
static uint32_t load(size_t size)
{
    struct module module = {.descriptor = {.version = "1.0", .describe = describe}, .name = "fib"};

    memset(text, 'x', size);
    text[size] = '\0';
    loaded_note(shared, &module);
    return shared->loaded[shared->loaded_count - 1].describe_size;
}

static const char *told(uint32_t index)
{
    return shared->describes + shared->loaded[index].describe_at;
}

START_TEST(test_texts_lie_behind_one_another)
{
    ck_assert_uint_eq(load(3), 3);
    ck_assert_uint_eq(load(0), 0);
    ck_assert_uint_eq(load(2), 2);
    ck_assert_uint_eq(shared->loaded_count, 3);
    ck_assert_str_eq(shared->loaded[0].name, "fib");
    ck_assert_str_eq(shared->loaded[2].version, "1.0");
    ck_assert_ptr_eq(told(0), shared->describes);
    ck_assert_ptr_eq(told(2), shared->describes + 3);
    ck_assert_str_eq(told(0), "xxxxx");
}
END_TEST

START_TEST(test_no_text)
{
    struct module module = {.name = "none"};

    loaded_note(shared, &module);
    ck_assert_uint_eq(shared->loaded[0].describe_size, 0);
    ck_assert_str_eq(shared->loaded[0].version, "");
}
END_TEST

START_TEST(test_texts_without_room_are_left_out)
{
    uint32_t whole = WORKER_DESCRIBES_MAX / WORKER_DESCRIBE_MAX;

    ck_assert_uint_eq(load(WORKER_DESCRIBE_MAX + 1), 0);
    for (uint32_t n = 0; n < whole; n++)
        ck_assert_uint_eq(load(WORKER_DESCRIBE_MAX), WORKER_DESCRIBE_MAX);
    ck_assert_uint_eq(load(WORKER_DESCRIBE_MAX), 0);
    ck_assert_uint_eq(load(WORKER_DESCRIBES_MAX - shared->describes_size),
                      WORKER_DESCRIBES_MAX % WORKER_DESCRIBE_MAX);
    ck_assert_uint_eq(load(1), 0);
}
END_TEST

START_TEST(test_modules_beyond_the_last_place_are_left_out)
{
    for (int n = 0; n < WORKER_LOADED_MAX + 1; n++)
        load(1);
    ck_assert_uint_eq(shared->loaded_count, WORKER_LOADED_MAX);
    ck_assert_uint_eq(shared->describes_size, WORKER_LOADED_MAX);
}
END_TEST

/* A module has written over the memory. */
START_TEST(test_a_broken_size)
{
    shared->describes_size = UINT32_MAX;
    ck_assert_uint_eq(load(1), 0);
    ck_assert_uint_eq(shared->describes_size, UINT32_MAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loaded");
    TCase *tc = tcase_create("loaded");

    tcase_add_test(tc, test_texts_lie_behind_one_another);
    tcase_add_test(tc, test_no_text);
    tcase_add_test(tc, test_texts_without_room_are_left_out);
    tcase_add_test(tc, test_modules_beyond_the_last_place_are_left_out);
    tcase_add_test(tc, test_a_broken_size);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
