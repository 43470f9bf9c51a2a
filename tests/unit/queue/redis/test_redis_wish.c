/* test_redis_wish: wishes and outcomes as records, and records that are none. */
#include "queue/redis/redis_wish.h"
#include "tests/unit/queue/store/wish_check.h"
#include "tests/unit/support.h"

static const struct stored_wish every_wish = {
    .module = "resize",
    .owner = "",
    .id = "\"a\"",
    .context = "{\"x\":1.10}",
    .key = "k",
    .digest = {1, 0, 255},
    .priority = 9,
    .retry_on = RETRY_ON_ERROR | RETRY_ON_EXPIRED,
    .wants_usage = true,
    .retries = UINT32_MAX,
    .retry_delay_ms = 1000,
    .timeout_ms = 5000,
    .soft_timeout_ms = 4000,
    .max_wait_ms = UINT64_MAX,
    .ttl_ms = 2592000000,
    .submitted_ms = 1790000000000,
};

START_TEST(test_a_wish_comes_back)
{
    static const struct stored_wish least = {.module = "m", .owner = "o", .id = "1"};
    const struct stored_wish *wishes[] = {&every_wish, &least};
    for (size_t i = 0; i < SUPPORT_COUNT(wishes); i++) {
        struct redis_blob blob;
        struct stored_wish read;
        redis_wish_write(&blob, wishes[i]);
        ck_assert(redis_wish_read(&read, blob.bytes, blob.len));
        check_wish(&read, wishes[i]);
        redis_blob_free(&blob);
    }
}
END_TEST

/* A later release may write more behind. */
START_TEST(test_bytes_behind_are_no_matter)
{
    struct redis_blob blob;
    struct stored_wish read;
    redis_wish_write(&blob, &every_wish);
    redis_blob_number(&blob, 17);
    ck_assert(redis_wish_read(&read, blob.bytes, blob.len));
    check_wish(&read, &every_wish);
    redis_blob_free(&blob);
}
END_TEST

START_TEST(test_an_outcome_comes_back)
{
    static const struct stored_outcome outcomes[] = {
        {.is_done = true, .fields = "", .ended_ms = 5},
        {.reason = "timeout", .fields = ",\"order\":17", .ended_ms = UINT64_MAX}};
    for (size_t i = 0; i < SUPPORT_COUNT(outcomes); i++) {
        struct redis_blob blob;
        struct stored_outcome read;
        redis_outcome_write(&blob, &outcomes[i]);
        ck_assert(redis_outcome_read(&read, blob.bytes, blob.len));
        ck_assert_int_eq(read.is_done, outcomes[i].is_done);
        check_text(read.reason, outcomes[i].reason);
        check_text(read.fields, outcomes[i].fields);
        ck_assert_uint_eq(read.ended_ms, outcomes[i].ended_ms);
        redis_blob_free(&blob);
    }
}
END_TEST

/* Each beginning of a record is none, and reads no byte behind itself (ASan). */
START_TEST(test_a_cut_record_is_none)
{
    struct redis_blob blob;
    struct stored_wish read;
    redis_wish_write(&blob, &every_wish);
    for (size_t len = 0; len < blob.len; len++) {
        char *part = malloc(len + 1);
        memcpy(part, blob.bytes, len);
        hot_assert(!redis_wish_read(&read, part, len));
        free(part);
    }
    redis_blob_free(&blob);
}
END_TEST

START_TEST(test_other_bytes_are_no_record)
{
    static const char *const texts[] = {
        "",           "1",           "2 ",        "x",
        "1 99999 a",  "1 7 resizeX", "1 3 a\0",   "1 18446744073709551616 ",
        "1 0 0 0 0 ", "1 7 res\0ze", "{\"a\":1}", "-1 ",
    };
    for (size_t i = 0; i < SUPPORT_COUNT(texts); i++) {
        struct stored_wish wish;
        struct stored_outcome outcome;
        ck_assert(!redis_wish_read(&wish, texts[i], strlen(texts[i])));
        ck_assert(!redis_outcome_read(&outcome, texts[i], strlen(texts[i])));
    }
}
END_TEST

/* Whatever is changed, the reader stays within the bytes. */
START_TEST(test_changed_bytes)
{
    struct chance chance;
    struct redis_blob blob;
    chance_init(&chance, "test_changed_bytes");
    redis_wish_write(&blob, &every_wish);
    for (int i = 0; i < 20000; i++) {
        struct stored_wish read;
        char *copy = malloc(blob.len);
        memcpy(copy, blob.bytes, blob.len);
        for (int changes = 0; changes < 3; changes++)
            copy[chance_below(&chance, blob.len)] = (char)chance_next(&chance);
        if (redis_wish_read(&read, copy, blob.len))
            hot_assert(strlen(read.module) <= blob.len && read.priority <= 9);
        free(copy);
    }
    redis_blob_free(&blob);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("redis_wish");
    tcase_add_test(tc, test_a_wish_comes_back);
    tcase_add_test(tc, test_bytes_behind_are_no_matter);
    tcase_add_test(tc, test_an_outcome_comes_back);
    tcase_add_test(tc, test_a_cut_record_is_none);
    tcase_add_test(tc, test_other_bytes_are_no_record);
    tcase_add_test(tc, test_changed_bytes);
    Suite *suite = suite_create("redis_wish");
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
