/* test_hash: the table finds exactly the inserted nodes, at every size on the way up and down. */
#include "base/hash.h"

#include "tests/unit/support.h"

#include <signal.h>

enum {
    MODEL_NODES = 3000,
    MODEL_VALUES = 1500, /* fewer than nodes, for collisions */
    MODEL_STEPS = 200000,
    CROWD = 100000,
};

struct item {
    struct hash_node node;
    uint64_t value;
    bool inside;
    unsigned seen;
};

static struct hash hash;
static struct item items[CROWD];
static struct chance chance;

static struct item *item_of(struct hash_node *node)
{
    return (struct item *)((char *)node - offsetof(struct item, node));
}

static void setup(void)
{
    hash_init(&hash);
}

static void teardown(void)
{
    hash_free(&hash);
}

static size_t buckets(void)
{
    return hash.base + hash.split;
}

/* The load is at most one on the way up, and memory is freed on the way down. */
static void check_shape(void)
{
    hot_assert((hash.base & (hash.base - 1)) == 0);
    hot_assert(hash.split < hash.base);
    hot_assert(buckets() >= hash.count);
    hot_assert_msg(buckets() <= 16 || buckets() <= 4 * hash.count + 4, "%zu buckets for %zu nodes",
                   buckets(), hash.count);
}

static bool is_found(const struct item *item)
{
    size_t found = 0;
    struct hash_node *node = hash_first(&hash, item->value);
    for (; node; node = hash_next(node)) {
        hot_assert(item_of(node)->value == item->value);
        found += item_of(node) == item;
    }
    hot_assert(found <= 1);
    return found == 1;
}

static void put(struct item *item, uint64_t value)
{
    item->value = value;
    item->inside = true;
    hash_insert(&hash, &item->node, value);
}

static void take(struct item *item)
{
    item->inside = false;
    hash_remove(&hash, &item->node);
}

START_TEST(test_empty)
{
    ck_assert_ptr_null(hash_first(&hash, 0));
    ck_assert_ptr_null(hash_first(&hash, UINT64_MAX));
    ck_assert_uint_eq(hash.count, 0);
}
END_TEST

START_TEST(test_one)
{
    put(&items[0], 17);
    ck_assert_ptr_eq(hash_first(&hash, 17), &items[0].node);
    ck_assert_ptr_null(hash_next(&items[0].node));
    ck_assert_ptr_null(hash_first(&hash, 17 + 16)); /* the same bucket, another value */
    ck_assert_ptr_null(hash_first(&hash, 17 + (UINT64_C(1) << 60)));
    take(&items[0]);
    ck_assert_ptr_null(hash_first(&hash, 17));
}
END_TEST

/* The worst case by an enemy: the table is slow, but right. */
START_TEST(test_all_alike)
{
    for (size_t i = 0; i < 1000; i++)
        put(&items[i], 42);
    for (size_t i = 0; i < 1000; i += 100)
        hot_assert(is_found(&items[i]));
    for (size_t i = 0; i < 1000; i += 2)
        take(&items[i]);
    for (size_t i = 0; i < 1000; i++)
        ck_assert_int_eq(is_found(&items[i]), i % 2 == 1);
    check_shape();
}
END_TEST

/* Consecutive numbers, like the dispatcher's jobs, and numbers different only in high bits. */
START_TEST(test_up_and_down)
{
    unsigned shift = _i == 0 ? 0 : 40;
    size_t count = _i == 0 ? CROWD : 2000;
    for (size_t i = 0; i < count; i++) {
        put(&items[i], (uint64_t)i << shift);
        check_shape();
        if (i % 7 == 0)
            hot_assert(is_found(&items[i / 2]));
    }
    for (size_t i = 0; i < count; i++)
        hot_assert(is_found(&items[i]));
    for (size_t i = 0; i < count; i++) { /* first in, first out, as jobs go */
        take(&items[i]);
        check_shape();
        hot_assert(!is_found(&items[i]));
        if (i % 7 == 0 && i + 1 < count)
            hot_assert(is_found(&items[i + (count - i) / 2]));
    }
    ck_assert_uint_eq(hash.count, 0);
    ck_assert_uint_le(buckets(), 16);
}
END_TEST

/* Back and forth over the edge of a round, where the array moves. */
START_TEST(test_edge)
{
    for (size_t i = 0; i < 64; i++)
        put(&items[i], i);
    for (int round = 0; round < 50; round++) {
        for (size_t i = 64; i < 64 + 8; i++)
            put(&items[i], i);
        for (size_t i = 0; i < 72; i++)
            hot_assert(is_found(&items[i]));
        for (size_t i = 64; i < 64 + 8; i++)
            take(&items[i]);
    }
    for (size_t keep = 64; keep > 0; keep--) {
        take(&items[keep - 1]);
        for (size_t i = 0; i < 64; i++)
            hot_assert(is_found(&items[i]) == (i < keep - 1));
    }
}
END_TEST

static void visit(struct hash_node *node, void *arg)
{
    size_t *count = arg;
    item_of(node)->seen++;
    ++*count;
}

START_TEST(test_each)
{
    size_t count = 0;
    hash_each(&hash, visit, &count);
    ck_assert_uint_eq(count, 0);
    for (size_t i = 0; i < 1000; i++)
        put(&items[i], i * i);
    hash_each(&hash, visit, &count);
    ck_assert_uint_eq(count, 1000);
    for (size_t i = 0; i < 1000; i++)
        ck_assert_uint_eq(items[i].seen, 1);
}
END_TEST

static void free_item(struct hash_node *node, void *arg)
{
    size_t *count = arg;
    ++*count;
    free(item_of(node));
}

START_TEST(test_each_frees)
{
    size_t count = 0;
    for (size_t i = 0; i < 1000; i++) {
        struct item *item = calloc(1, sizeof *item);
        ck_assert_ptr_nonnull(item);
        hash_insert(&hash, &item->node, i % 10); /* long chains */
    }
    hash_each(&hash, free_item, &count);
    ck_assert_uint_eq(count, 1000);
}
END_TEST

/* The share of inserts goes up and down, and so does the table. */
START_TEST(test_model)
{
    size_t count = 0;
    chance_init(&chance, "hash");
    for (unsigned step = 0; step < MODEL_STEPS; step++) {
        bool growing = step / 20000 % 2 == 0;
        struct item *item = &items[chance_below(&chance, MODEL_NODES)];
        if (item->inside && chance_percent(&chance, growing ? 20 : 90)) {
            take(item);
            count--;
        } else if (!item->inside && chance_percent(&chance, growing ? 90 : 20)) {
            put(item, chance_below(&chance, MODEL_VALUES) * UINT64_C(0x9e3779b97f4a7c15));
            count++;
        }
        hot_assert(hash.count == count);
        check_shape();
        hot_assert(is_found(item) == item->inside);
        const struct item *other = &items[chance_below(&chance, MODEL_NODES)];
        if (other->inside)
            hot_assert(is_found(other));
    }
    for (size_t i = 0; i < MODEL_NODES; i++)
        if (items[i].inside)
            hot_assert(is_found(&items[i]));
}
END_TEST

START_TEST(test_remove_stranger)
{
    hush();
    put(&items[0], 1);
    items[1].node.hash = 1;
    hash_remove(&hash, &items[1].node);
}
END_TEST

/* --- siphash --- */

START_TEST(test_siphash_is_a_function)
{
    ck_assert(siphash("fib", 3, 0) == siphash("fib", 3, 0));
    ck_assert(siphash("fib", 3, 0) != siphash("fib", 3, 1));
    ck_assert(siphash("fib", 3, 0) != siphash("fib", 2, 0));
    ck_assert(siphash("fib", 3, 0) != siphash("fic", 3, 0));
    ck_assert(siphash("a\0b", 3, 0) != siphash("a\0c", 3, 0));
    ck_assert(siphash("", 0, 0) != siphash("\0", 1, 0));
    ck_assert(siphash("\0", 1, 0) != siphash("\0\0", 2, 0));
}
END_TEST

/* Each length at each alignment. Memory of exactly this size lets the sanitizer see a byte too
 * many. */
START_TEST(test_siphash_lengths)
{
    static uint64_t seen[8 * 65];
    unsigned char bytes[80];
    size_t n = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7);
    for (size_t len = 0; len <= 64; len++) {
        char *copy = malloc(len ? len : 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, bytes, len);
        uint64_t value = siphash(copy, len, 5);
        free(copy);
        for (size_t i = 0; i < n; i++)
            ck_assert(seen[i] != value);
        seen[n++] = value;
        for (size_t shift = 1; shift < 8; shift++) {
            unsigned char moved[80];
            memcpy(moved + shift, bytes, len);
            ck_assert(siphash(moved + shift, len, 5) == value);
        }
    }
}
END_TEST

/* Typical ids of clients spread over the buckets: 64 each on average, and nowhere many more. */
START_TEST(test_siphash_spreads)
{
    static size_t load[1024];
    for (int i = 0; i < 65536; i++) {
        char id[16];
        int n = snprintf(id, sizeof id, "%d", i);
        load[siphash(id, (size_t)n, 9) & 1023]++;
    }
    for (size_t i = 0; i < 1024; i++)
        ck_assert_msg(load[i] > 10 && load[i] < 160, "%zu in bucket %zu", load[i], i);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hash");
    TCase *tc = tcase_create("table");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_empty);
    tcase_add_test(tc, test_one);
    tcase_add_test(tc, test_all_alike);
    tcase_add_loop_test(tc, test_up_and_down, 0, 2);
    tcase_add_test(tc, test_edge);
    tcase_add_test(tc, test_each);
    tcase_add_test(tc, test_each_frees);
    tcase_add_test(tc, test_model);
    tcase_add_test_raise_signal(tc, test_remove_stranger, SIGABRT);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    tc = tcase_create("siphash");
    tcase_add_test(tc, test_siphash_is_a_function);
    tcase_add_test(tc, test_siphash_lengths);
    tcase_add_test(tc, test_siphash_spreads);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
