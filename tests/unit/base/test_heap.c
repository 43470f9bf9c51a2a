/* test_heap: after any additions, moves and removals, the first node has the least key. */
#include "base/heap.h"
#include "tests/unit/support.h"

enum { NODES = 300, STEPS = 20000 };

static struct heap heap;
static struct heap_node nodes[NODES];

static void empty(void)
{
    for (size_t i = 0; i < NODES; i++)
        heap_remove(&heap, &nodes[i]);
    ck_assert_ptr_null(heap_first(&heap));
    heap_free(&heap);
}

START_TEST(test_in_order)
{
    static const uint64_t keys[] = {5, UINT64_MAX, 0, 7, 3};
    static const uint64_t sorted[] = {0, 3, 5, 7, UINT64_MAX};
    for (size_t i = 0; i < SUPPORT_COUNT(keys); i++)
        heap_set(&heap, &nodes[i], keys[i]);
    for (size_t i = 0; i < SUPPORT_COUNT(sorted); i++) {
        struct heap_node *first = heap_first(&heap);
        ck_assert_uint_eq(first->key, sorted[i]);
        heap_remove(&heap, first);
        ck_assert(!heap_holds(first));
    }
    empty();
}
END_TEST

START_TEST(test_moved)
{
    heap_set(&heap, &nodes[0], 10);
    heap_set(&heap, &nodes[1], 20);
    heap_set(&heap, &nodes[0], 30); /* moved, not added */
    ck_assert_uint_eq(heap.count, 2);
    ck_assert_ptr_eq(heap_first(&heap), &nodes[1]);
    heap_remove(&heap, &nodes[2]); /* in no heap */
    ck_assert_uint_eq(heap.count, 2);
    empty();
}
END_TEST

static uint64_t least(void)
{
    uint64_t key = UINT64_MAX;
    for (size_t i = 0; i < NODES; i++)
        if (heap_holds(&nodes[i]) && nodes[i].key < key)
            key = nodes[i].key;
    return key;
}

START_TEST(test_at_random)
{
    struct chance chance;
    chance_init(&chance, "heap");
    for (int step = 0; step < STEPS; step++) {
        struct heap_node *node = &nodes[chance_below(&chance, NODES)];
        if (chance_percent(&chance, 60))
            heap_set(&heap, node, chance_below(&chance, 1000));
        else
            heap_remove(&heap, node);
        const struct heap_node *first = heap_first(&heap);
        hot_assert(first ? first->key == least() : least() == UINT64_MAX);
    }
    empty();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("heap");
    TCase *tc = tcase_create("heap");
    tcase_add_test(tc, test_in_order);
    tcase_add_test(tc, test_moved);
    tcase_add_test(tc, test_at_random);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
