/* test_payload: memory is taken only for arrived bytes, charged to the budget, and given back. */
#include "base/payload.h"

#include "tests/unit/support.h"

#include <signal.h>

enum { BIG = 3 * 1024 * 1024 };

static struct payload_budget budget;
static char source[BIG];
static char copy[BIG];
static struct chance chance;

static void setup(void)
{
    budget = (struct payload_budget){.max = 64 * 1024 * 1024};
    chance = (struct chance){.state = 1};
    for (size_t i = 0; i < sizeof source; i++)
        source[i] = (char)chance_next(&chance);
}

/* At the end of every test, nothing is held. */
static void teardown(void)
{
    ck_assert_uint_eq(budget.held, 0);
    while (!payload_sweep(&budget))
        ;
}

static size_t charged(const struct payload *payload)
{
    size_t sum = 0;
    for (const struct payload_part *part = payload->first; part; part = part->next)
        sum += part->capacity;
    return sum;
}

static size_t parts(const struct payload *payload)
{
    size_t count = 0;
    for (const struct payload_part *part = payload->first; part; part = part->next)
        count++;
    return count;
}

static void check_content(const struct payload *payload, size_t len)
{
    memset(copy, 0, len);
    ck_assert_uint_eq(payload_copy(payload, 0, copy, sizeof copy), len);
    ck_assert(memcmp(copy, source, len) == 0);
}

/* --- growing --- */

START_TEST(test_small_is_one_part)
{
    struct payload *payload = payload_new(&budget, 100, 100, false);
    ck_assert_uint_eq(budget.held, 100);
    ck_assert_int_eq(payload_append(payload, source, 100), 0);
    ck_assert_uint_eq(payload->size, 100);
    ck_assert_uint_eq(payload->have, 100);
    ck_assert_uint_eq(parts(payload), 1);
    check_content(payload, 100);
    payload_unref(payload);
}
END_TEST

/* A freed payload stops counting at once, and its memory goes batch by batch. */
START_TEST(test_large_goes_in_parts)
{
    const size_t size = 10 * BIG;
    int turns = 1;
    struct payload *payload = payload_new(&budget, size, 0, true);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(payload_append(payload, source, BIG), 0);
    payload_ref(payload);
    payload_unref(payload);
    ck_assert(payload_sweep(&budget)); /* another reference holds it */
    ck_assert_uint_eq(budget.held, size);
    payload_unref(payload);
    ck_assert_uint_eq(budget.held, 0);
    while (!payload_sweep(&budget))
        turns++;
    ck_assert_int_ge(turns, 2);
    ck_assert_int_le(turns, 10);
}
END_TEST

/* `size` is only the peer's promise: an announced gigabyte costs only its arrived bytes. */
START_TEST(test_not_on_the_word_of_size)
{
    struct payload *payload = payload_new(&budget, (size_t)1 << 30, 1, false);
    ck_assert_uint_le(budget.held, 4096);
    ck_assert_int_eq(payload_append(payload, source, 1), 0);
    ck_assert_uint_le(budget.held, 4096);
    payload_unref(payload);
}
END_TEST

static const size_t steps[] = {1, 7, 100, 4095, 4096, 4097, 65536, 100001};

START_TEST(test_memory_follows_what_arrives)
{
    size_t size = BIG - 13, at = 0, step = steps[_i];
    struct payload *payload = payload_new(&budget, size, step, false);
    while (at < size) {
        size_t n = step < size - at ? step : size - at;
        hot_assert(payload_append(payload, source + at, n) == 0);
        at += n;
        hot_assert(payload->have == at);
        hot_assert(budget.held == charged(payload));
        hot_assert_msg(budget.held <= 2 * at + 4096, "%ju held for %zu", (uintmax_t)budget.held,
                       at);
    }
    ck_assert_uint_eq(budget.held, size); /* a whole payload holds exactly its size */
    ck_assert_uint_le(parts(payload), 30);
    check_content(payload, size);
    payload_unref(payload);
}
END_TEST

START_TEST(test_room)
{
    struct payload *payload = payload_new(&budget, 10000, 1, false);
    size_t at = 0, room = 0;
    while (at < 10000) {
        char *to = payload_room(payload, &room);
        ck_assert_ptr_nonnull(to);
        ck_assert_uint_ge(room, 1);
        ck_assert_uint_le(room, 10000 - at);
        size_t n = room > 3 ? room / 3 : room;
        memcpy(to, source + at, n);
        payload_commit(payload, n);
        at += n;
    }
    payload_room(payload, &room);
    ck_assert_uint_eq(room, 0); /* whole */
    check_content(payload, 10000);
    payload_unref(payload);
}
END_TEST

/* Unused room is still room. */
START_TEST(test_room_unused)
{
    struct payload *payload = payload_new(&budget, 9000, 1, false);
    size_t room, again;
    ck_assert_int_eq(payload_append(payload, source, 4096), 0);
    char *to = payload_room(payload, &room);
    uint64_t held = budget.held;
    payload_commit(payload, 0);
    ck_assert_ptr_eq(payload_room(payload, &again), to);
    ck_assert_uint_eq(again, room);
    ck_assert_uint_eq(budget.held, held);
    ck_assert_int_eq(payload_append(payload, source + 4096, 9000 - 4096), 0);
    check_content(payload, 9000);
    payload_unref(payload);
}
END_TEST

/* --- made of bytes at hand --- */

START_TEST(test_from)
{
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 300000};
    struct payload *payload = payload_from(&budget, source, sizes[_i]);
    ck_assert_uint_eq(payload->size, sizes[_i]);
    ck_assert_uint_eq(payload->have, sizes[_i]);
    ck_assert_uint_eq(parts(payload), 1);
    check_content(payload, sizes[_i]);
    payload_unref(payload);
}
END_TEST

START_TEST(test_copy)
{
    struct payload *payload = payload_new(&budget, 20000, 1, false);
    ck_assert_int_eq(payload_append(payload, source, 1), 0); /* several parts */
    ck_assert_int_eq(payload_append(payload, source + 1, 19999), 0);
    ck_assert_uint_gt(parts(payload), 1);
    for (size_t offset = 0; offset <= 20000; offset += 61) {
        size_t want = chance_below(&chance, 12000);
        size_t there = 20000 - offset < want ? 20000 - offset : want;
        hot_assert(payload_copy(payload, offset, copy, want) == there);
        hot_assert(memcmp(copy, source + offset, there) == 0);
    }
    ck_assert_uint_eq(payload_copy(payload, 20000, copy, 1), 0);
    ck_assert_uint_eq(payload_copy(payload, 30000, copy, 1), 0);
    ck_assert_uint_eq(payload_copy(payload, 5, copy, 0), 0);
    payload_unref(payload);
}
END_TEST

/* An incomplete payload has its arrived bytes. */
START_TEST(test_copy_incomplete)
{
    struct payload *payload = payload_new(&budget, 20000, 1, false);
    ck_assert_int_eq(payload_append(payload, source, 5000), 0);
    check_content(payload, 5000);
    ck_assert_uint_eq(payload_copy(payload, 4990, copy, 100), 10);
    payload_unref(payload);
}
END_TEST

/* --- references --- */

START_TEST(test_references)
{
    struct payload *payload = payload_from(&budget, source, 1000);
    ck_assert_ptr_eq(payload_ref(payload), payload);
    payload_ref(payload);
    payload_unref(payload);
    payload_unref(payload);
    ck_assert_uint_eq(budget.held, 1000);
    check_content(payload, 1000);
    payload_unref(payload);
    payload_unref(NULL);
}
END_TEST

/* --- the budget --- */

START_TEST(test_budget_to_the_byte)
{
    budget.max = 1000;
    struct payload *first = payload_new(&budget, 600, 600, false);
    ck_assert_ptr_null(payload_new(&budget, 401, 401, false));
    ck_assert_uint_eq(budget.held, 600); /* a refusal costs nothing */
    struct payload *second = payload_new(&budget, 400, 400, false);
    ck_assert_ptr_nonnull(second);
    ck_assert_uint_eq(budget.held, 1000);
    ck_assert_ptr_null(payload_new(&budget, 1, 1, false));
    payload_unref(first);
    ck_assert_uint_eq(budget.held, 400);
    payload_unref(second);
}
END_TEST

START_TEST(test_budget_ends_while_it_arrives)
{
    budget.max = 10000;
    struct payload *payload = payload_new(&budget, 20000, 1, false);
    size_t at = 0, room;
    while (payload_append(payload, source + at, 100) == 0)
        at += 100;
    ck_assert_uint_gt(at, 4000);
    ck_assert_uint_le(at, 10000);
    ck_assert_ptr_null(payload_room(payload, &room));
    ck_assert_uint_le(budget.held, 10000);
    payload_unref(payload); /* and all its memory is free again */
}
END_TEST

/* Half-arrived payloads fill the budget and refuse each other. A freed one makes room. */
START_TEST(test_budget_shared)
{
    budget.max = 3 * 4096;
    struct payload *held[3];
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_nonnull(held[i] = payload_new(&budget, 8192, 1, false));
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(payload_append(held[i], source, 4096), 0);
        ck_assert_int_eq(payload_append(held[i], source, 1), -1);
    }
    payload_unref(held[0]);
    ck_assert_int_eq(payload_append(held[1], source + 4096, 4096), 0);
    check_content(held[1], 8192);
    payload_unref(held[1]);
    payload_unref(held[2]);
}
END_TEST

/* --- half there --- */

enum { HALVES = 40 };

static struct payload *halves[HALVES];

/* A payload that never becomes whole, with `have` bytes so far. */
static struct payload **half(size_t i, size_t have)
{
    halves[i] = payload_new(&budget, 1 << 20, have, false);
    ck_assert_ptr_nonnull(halves[i]);
    ck_assert_int_eq(payload_append(halves[i], source, have), 0);
    payload_arrives(&halves[i]);
    return &halves[i];
}

static void end_halves(void)
{
    for (size_t i = 0; i < HALVES; i++)
        payload_unref(halves[i]);
    memset(halves, 0, sizeof halves);
    ck_assert_uint_eq(budget.arriving_held, 0);
}

/* The largest half is dropped, and no more than needed. */
START_TEST(test_largest_half_goes)
{
    budget.max = 60000;
    half(0, 10000);
    half(1, 30000);
    half(2, 15000);
    ck_assert_uint_eq(budget.arriving_held, 55000);
    struct payload *whole = payload_new(&budget, 6000, 6000, false);
    ck_assert_ptr_nonnull(whole);
    ck_assert_ptr_null(halves[1]);
    ck_assert(halves[0] && halves[2]);
    struct payload *next = payload_new(&budget, 30000, 30000, false);
    ck_assert_ptr_nonnull(next);
    ck_assert_ptr_null(halves[2]);
    ck_assert_ptr_nonnull(halves[0]);
    ck_assert_uint_eq(budget.held, 46000);
    payload_unref(whole);
    payload_unref(next);
    end_halves();
}
END_TEST

/* A payload too large even without all halves is refused, and no half is dropped. */
START_TEST(test_no_half_goes_in_vain)
{
    budget.max = 60000;
    struct payload *whole = payload_new(&budget, 40000, 40000, false);
    half(0, 10000);
    ck_assert_ptr_null(payload_new(&budget, 20001, 20001, false));
    ck_assert_ptr_nonnull(halves[0]);
    payload_unref(whole);
    end_halves();
}
END_TEST

/* A growing half is dropped itself if it is the largest. */
START_TEST(test_half_that_grows)
{
    budget.max = 60000;
    half(0, 20000);
    half(1, 32000);
    while (payload_append(halves[1], source, 4000) == 0)
        ;
    ck_assert(halves[0] && halves[1]);
    while (payload_append(halves[0], source, 4000) == 0 && halves[1])
        ;
    ck_assert_ptr_null(halves[1]);
    ck_assert_ptr_nonnull(halves[0]);
    end_halves();
}
END_TEST

/* A whole payload is no half any more. */
START_TEST(test_half_becomes_whole)
{
    budget.max = 60000;
    half(0, 100);
    halves[1] = payload_new(&budget, 50000, 100, false);
    payload_append(halves[1], source, 100);
    payload_arrives(&halves[1]);
    payload_append(halves[1], source, 49900);
    ck_assert_ptr_null(halves[1]->arrival);
    ck_assert_ptr_null(payload_new(&budget, 20000, 20000, false));
    ck_assert(halves[0] && halves[1]);
    struct payload *small = payload_new(&budget, 8000, 8000, false);
    ck_assert_ptr_nonnull(small);
    ck_assert_ptr_null(halves[0]);
    payload_unref(small);
    end_halves();
}
END_TEST

/* The size was a bound: fewer bytes came, and the payload is whole with them. */
START_TEST(test_cut)
{
    halves[0] = payload_new(&budget, 1 << 20, 100, false);
    payload_append(halves[0], source, 9000);
    payload_arrives(&halves[0]);
    payload_cut(halves[0]);
    ck_assert_ptr_null(halves[0]->arrival);
    ck_assert_uint_eq(budget.arriving_held, 0);
    ck_assert_uint_eq(halves[0]->size, 9000);
    check_content(halves[0], 9000);
    end_halves();
}
END_TEST

/* In every sequence, no whole payload is dropped, and the sums are right. */
START_TEST(test_halves_at_random)
{
    chance_init(&chance, "payload");
    budget.max = 400000;
    for (int n = 0; n < 20000; n++) {
        size_t i = chance_below(&chance, HALVES);
        uint64_t held = 0;
        if (halves[i] && chance_percent(&chance, 30)) {
            payload_unref(halves[i]);
            halves[i] = NULL;
        } else if (halves[i] && payload_append(halves[i], source, 1000) < 0) {
            payload_unref(halves[i]);
            halves[i] = NULL;
        } else if (!halves[i] && (halves[i] = payload_new(&budget, 1 << 20, 1, false))) {
            payload_append(halves[i], source, 1 + chance_below(&chance, 4000));
            payload_arrives(&halves[i]);
        }
        for (size_t k = 0; k < HALVES; k++)
            held += halves[k] ? charged(halves[k]) : 0;
        hot_assert(budget.held == held && budget.arriving_held == held);
        hot_assert(held <= budget.max);
    }
    end_halves();
}
END_TEST

/* A result is charged, but never refused. */
START_TEST(test_forced)
{
    budget.max = 1000;
    struct payload *payload = payload_new(&budget, 100000, 1, true);
    ck_assert_ptr_nonnull(payload);
    ck_assert_int_eq(payload_append(payload, source, 100000), 0);
    ck_assert_uint_eq(budget.held, 100000);
    ck_assert_ptr_null(payload_new(&budget, 1, 1, false));
    struct payload *more = payload_from(&budget, source, 5000);
    ck_assert_uint_eq(budget.held, 105000);
    payload_unref(payload);
    payload_unref(more);
    ck_assert_ptr_nonnull(payload = payload_new(&budget, 1000, 1000, false));
    payload_unref(payload);
}
END_TEST

/* A reload may lower the maximum below the held bytes. */
START_TEST(test_budget_lowered)
{
    struct payload *payload = payload_new(&budget, 8192, 1, false);
    ck_assert_int_eq(payload_append(payload, source, 10), 0);
    budget.max = 100;
    ck_assert_ptr_null(payload_new(&budget, 1, 1, false));
    ck_assert_int_eq(payload_append(payload, source, 4086), 0); /* it may use its own room */
    ck_assert_int_eq(payload_append(payload, source, 1), -1);
    payload_unref(payload);
    ck_assert_ptr_nonnull(payload = payload_new(&budget, 100, 100, false));
    payload_unref(payload);
}
END_TEST

/* Sums near the end of the number range do not wrap to small ones. */
START_TEST(test_budget_range)
{
    budget.max = UINT64_MAX;
    budget.held = UINT64_MAX - 50;
    ck_assert_ptr_null(payload_new(&budget, 51, 51, false));
    struct payload *payload = payload_new(&budget, 50, 50, false);
    ck_assert_ptr_nonnull(payload);
    ck_assert_uint_eq(budget.held, UINT64_MAX);
    payload_unref(payload);
    budget.held -= UINT64_MAX - 50;
    budget.max = 0;
    ck_assert_ptr_null(payload_new(&budget, 1, 1, false));
}
END_TEST

/* --- against a model: payloads of all sizes come, arrive in pieces, are shared and go --- */

enum { SLOTS = 24, STEPS = 40000 };

START_TEST(test_model)
{
    struct {
        struct payload *payload;
        unsigned refs;
    } slots[SLOTS] = {{NULL, 0}};
    unsigned refusals = 0, whole = 0;
    chance_init(&chance, "payload");
    budget.max = 400000;
    for (int step = 0; step < STEPS; step++) {
        size_t i = chance_below(&chance, SLOTS), sum = 0;
        struct payload *payload = slots[i].payload;
        if (!payload) {
            size_t size = 1 + chance_below(&chance, chance_percent(&chance, 80) ? 5000 : 200000);
            slots[i].payload = payload_new(&budget, size, 1 + chance_below(&chance, size), false);
            slots[i].refs = slots[i].payload ? 1 : 0;
            refusals += !slots[i].payload;
        } else if (chance_percent(&chance, 10)) {
            payload_ref(payload);
            slots[i].refs++;
        } else if (chance_percent(&chance, 20)) {
            if (payload->have == payload->size) {
                whole++;
                hot_assert(payload_copy(payload, 0, copy, sizeof copy) == payload->size);
                hot_assert(memcmp(copy, source, payload->size) == 0);
            }
            payload_unref(payload);
            if (--slots[i].refs == 0)
                slots[i].payload = NULL;
        } else {
            size_t left = payload->size - payload->have, have = payload->have;
            size_t n = left ? 1 + chance_below(&chance, left) : 0;
            uint64_t held = budget.held;
            if (payload_append(payload, source + have, n) < 0) {
                refusals++;
                hot_assert(payload->have >= have && payload->have < have + n);
                hot_assert(budget.held >= held);
            } else {
                hot_assert(payload->have == have + n);
            }
        }
        for (size_t k = 0; k < SLOTS; k++)
            sum += slots[k].payload ? charged(slots[k].payload) : 0;
        hot_assert(budget.held == sum);
        hot_assert(budget.held <= budget.max);
    }
    ck_assert_uint_gt(refusals, 10);
    ck_assert_uint_gt(whole, 100);
    for (size_t i = 0; i < SLOTS; i++)
        while (slots[i].refs-- > 0)
            payload_unref(slots[i].payload);
}
END_TEST

/* --- our own bugs --- */

START_TEST(test_append_too_much)
{
    hush();
    struct payload *payload = payload_new(&budget, 10, 10, false);
    payload_append(payload, source, 11);
}
END_TEST

START_TEST(test_commit_too_much)
{
    hush();
    struct payload *payload = payload_new(&budget, 10, 10, false);
    payload_commit(payload, 11);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("payload");
    TCase *tc = tcase_create("payload");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_small_is_one_part);
    tcase_add_test(tc, test_large_goes_in_parts);
    tcase_add_test(tc, test_not_on_the_word_of_size);
    tcase_add_loop_test(tc, test_memory_follows_what_arrives, 0, SUPPORT_COUNT(steps));
    tcase_add_test(tc, test_room);
    tcase_add_test(tc, test_room_unused);
    tcase_add_loop_test(tc, test_from, 0, 6);
    tcase_add_test(tc, test_copy);
    tcase_add_test(tc, test_copy_incomplete);
    tcase_add_test(tc, test_references);
    tcase_add_test(tc, test_budget_to_the_byte);
    tcase_add_test(tc, test_budget_ends_while_it_arrives);
    tcase_add_test(tc, test_budget_shared);
    tcase_add_test(tc, test_largest_half_goes);
    tcase_add_test(tc, test_no_half_goes_in_vain);
    tcase_add_test(tc, test_half_that_grows);
    tcase_add_test(tc, test_half_becomes_whole);
    tcase_add_test(tc, test_cut);
    tcase_add_test(tc, test_halves_at_random);
    tcase_add_test(tc, test_forced);
    tcase_add_test(tc, test_budget_lowered);
    tcase_add_test(tc, test_budget_range);
    tcase_add_test(tc, test_model);
    tcase_add_test_raise_signal(tc, test_append_too_much, SIGABRT);
    tcase_add_test_raise_signal(tc, test_commit_too_much, SIGABRT);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
