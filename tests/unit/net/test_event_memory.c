/* test_event_memory: small blocks lie apart, are used again, and keep their bytes when they grow.
 */
#include "net/event_memory.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 1000 };

static uintptr_t distance(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)a, y = (uintptr_t)b;
    return x < y ? y - x : x - y;
}

/* In the master, a client's session lies between two of libevent's records. */
START_TEST(test_small_ones_lie_side_by_side)
{
    static void *small[COUNT], *large[COUNT];
    size_t apart = 0;
    for (int i = 0; i < COUNT; i++) {
        small[i] = event_memory_alloc(16);
        large[i] = malloc(600);
        memset(small[i], i % 256, 16);
    }
    for (int i = 1; i < COUNT; i++)
        apart += distance(small[i], small[i - 1]) != EVENT_MEMORY_SMALL;
    ck_assert_uint_le(apart, 3); /* at the beginning of another chunk */
    for (int i = 0; i < COUNT; i++) {
        for (int k = 0; k < 16; k++)
            ck_assert_uint_eq(((unsigned char *)small[i])[k], (unsigned)i % 256);
        ck_assert_uint_eq((uintptr_t)small[i] % _Alignof(max_align_t), 0);
        event_memory_free(small[i]);
        free(large[i]);
    }
}
END_TEST

START_TEST(test_what_was_freed_is_taken_again)
{
    void *first = event_memory_alloc(EVENT_MEMORY_SMALL);
    void *second = event_memory_alloc(1);
    event_memory_free(first);
    event_memory_free(second);
    ck_assert_ptr_eq(event_memory_alloc(16), second);
    ck_assert_ptr_eq(event_memory_alloc(16), first);
    event_memory_free(first);
    event_memory_free(second);
    event_memory_free(NULL);
}
END_TEST

START_TEST(test_growing)
{
    char *p = event_memory_realloc(NULL, 8), *small = p;
    strcpy(p, "content");
    p = event_memory_realloc(p, EVENT_MEMORY_SMALL);
    ck_assert_ptr_eq(p, small);
    p = event_memory_realloc(p, EVENT_MEMORY_SMALL + 1);
    ck_assert_ptr_ne(p, small);
    ck_assert_str_eq(p, "content");
    ck_assert_ptr_eq(event_memory_alloc(8), small); /* its old place is free */
    event_memory_free(small);
    p = event_memory_realloc(p, 100000);
    ck_assert_str_eq(p, "content");
    memset(p, 'x', 100000);
    p = event_memory_realloc(p, 8); /* stays in place: it was large once */
    ck_assert_mem_eq(p, "xxxxxxxx", 8);
    event_memory_free(p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("event_memory");
    TCase *tcase = tcase_create("event_memory");
    tcase_add_test(tcase, test_small_ones_lie_side_by_side);
    tcase_add_test(tcase, test_what_was_freed_is_taken_again);
    tcase_add_test(tcase, test_growing);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
