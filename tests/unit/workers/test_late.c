/* test_late: connections of workers that ended before their hello was read. */
#include "workers/late.h"

#include "tests/unit/support.h"
#include "workers/token.h"

static struct worker_late late;
static const uint64_t now_us = 1000000000;

static void set_up(void)
{
    memset(&late, 0, sizeof late);
}

static struct wire_hello hello_of(uint32_t worker, uint8_t secret)
{
    struct wire_hello hello = {.worker = worker};
    memset(hello.token, secret, sizeof hello.token);
    return hello;
}

static void note(uint32_t worker, uint8_t secret, uint64_t at_us)
{
    struct wire_hello hello = hello_of(worker, secret);
    worker_late_note(&late, worker, hello.token, at_us);
}

/* Every byte of a token counts. */
START_TEST(test_token)
{
    uint8_t a[TOKEN_BYTES] = {0}, b[TOKEN_BYTES] = {0};
    ck_assert(worker_token_equal(a, b));
    for (size_t i = 0; i < TOKEN_BYTES; i++) {
        b[i] ^= 0x80;
        ck_assert(!worker_token_equal(a, b));
        b[i] = 0;
    }
}
END_TEST

/* A hello must have both the id and the token, and counts once. */
START_TEST(test_hello)
{
    struct wire_hello hello = hello_of(3, 7), other_id = hello_of(4, 7),
                      other_token = hello_of(3, 8);
    note(3, 7, now_us);
    ck_assert(!worker_late_is_hello(&late, &other_id, now_us));
    ck_assert(!worker_late_is_hello(&late, &other_token, now_us));
    ck_assert(worker_late_is_hello(&late, &hello, now_us + 1999999));
    ck_assert(!worker_late_is_hello(&late, &hello, now_us));
}
END_TEST

/* Each worker accounts for one silent connection. */
START_TEST(test_silent)
{
    note(1, 1, now_us);
    note(2, 2, now_us);
    ck_assert(worker_late_is_silent(&late, now_us));
    ck_assert(worker_late_is_silent(&late, now_us));
    ck_assert(!worker_late_is_silent(&late, now_us));
}
END_TEST

START_TEST(test_too_late)
{
    struct wire_hello hello = hello_of(1, 1), nobody = hello_of(0, 0);
    ck_assert(!worker_late_is_hello(&late, &nobody, 0)); /* a free entry is nobody's */
    note(1, 1, now_us);
    ck_assert(!worker_late_is_hello(&late, &hello, now_us + 2000000));
    ck_assert(!worker_late_is_silent(&late, now_us + 2000000));
}
END_TEST

/* Of more workers than there is room for, the oldest are forgotten. */
START_TEST(test_many)
{
    for (uint32_t id = 1; id <= WORKER_LATE_MAX + 2; id++)
        note(id, (uint8_t)id, now_us);
    for (uint32_t id = 1; id <= WORKER_LATE_MAX + 2; id++) {
        struct wire_hello hello = hello_of(id, (uint8_t)id);
        ck_assert(worker_late_is_hello(&late, &hello, now_us) == (id > 2));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("late");
    TCase *tc = tcase_create("late");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, test_token);
    tcase_add_test(tc, test_hello);
    tcase_add_test(tc, test_silent);
    tcase_add_test(tc, test_too_late);
    tcase_add_test(tc, test_many);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
