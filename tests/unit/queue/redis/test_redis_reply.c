/* test_redis_reply: replies in pieces, looks at any item, and nonsense. */
#include "queue/redis/redis_error.h"
#include "queue/redis/redis_info.h"
#include "queue/redis/redis_reply.h"
#include "tests/unit/support.h"

/* The reply to `text`, fed in pieces of `piece` bytes. */
static struct redis_reply *read_in(const char *text, size_t piece)
{
    struct redis_reader *reader = redis_reader_new();
    struct redis_reply *reply = NULL;
    size_t len = strlen(text);
    for (size_t at = 0; at < len; at += piece) {
        ck_assert_ptr_null(reply);
        ck_assert_int_eq(redis_reader_feed(reader, text + at, len - at < piece ? len - at : piece),
                         0);
        reply = redis_reader_next(reader);
    }
    ck_assert_ptr_null(redis_reader_fault(reader));
    redis_reader_free(reader);
    return reply;
}

static struct redis_reply *read_whole(const char *text)
{
    return read_in(text, SIZE_MAX);
}

START_TEST(test_all_types_in_pieces)
{
    static const char text[] = "*7\r\n:-5\r\n$3\r\na\r\n\r\n+OK\r\n-ERR no\r\n$-1\r\n*0\r\n"
                               "*2\r\n$0\r\n\r\n:7\r\n";
    for (size_t piece = 1; piece <= sizeof text; piece++) {
        size_t len;
        struct redis_reply *reply = read_in(text, piece);
        ck_assert_ptr_nonnull(reply);
        ck_assert_uint_eq(reply->count, 7);
        ck_assert_int_eq(redis_reply_at(reply, 0)->number, -5);
        ck_assert_uint_eq(redis_reply_number_at(reply, 0), 0);
        ck_assert_str_eq(redis_reply_text_at(reply, 1, &len), "a\r\n");
        ck_assert_uint_eq(len, 3);
        ck_assert_int_eq(redis_reply_at(reply, 2)->type, REPLY_STATUS);
        ck_assert_int_eq(redis_reply_at(reply, 3)->type, REPLY_ERROR);
        ck_assert_int_eq(redis_reply_at(reply, 4)->type, REPLY_NOTHING);
        ck_assert_int_eq(redis_reply_at(reply, 5)->type, REPLY_LIST);
        ck_assert_uint_eq(redis_reply_number_at(redis_reply_at(reply, 6), 1), 7);
        redis_reply_free(reply);
    }
}
END_TEST

START_TEST(test_missing_items_are_nothing)
{
    size_t len = 1;
    struct redis_reply *reply = read_whole("*1\r\n:1\r\n");
    const struct redis_reply *deep = redis_reply_at(redis_reply_at(reply, 0), 5);
    ck_assert_int_eq(deep->type, REPLY_NOTHING);
    ck_assert_uint_eq(redis_reply_number_at(reply, 1), 0);
    ck_assert_str_eq(redis_reply_text_at(reply, 0, &len), "");
    ck_assert_uint_eq(len, 0);
    redis_reply_free(reply);
    redis_reply_free(NULL);
}
END_TEST

static uint64_t number(const char *digits)
{
    char text[64];
    snprintf(text, sizeof text, "$%zu\r\n%s\r\n", strlen(digits), digits);
    struct redis_reply *reply = read_whole(text);
    uint64_t found = redis_reply_number(reply);
    redis_reply_free(reply);
    return found;
}

START_TEST(test_numbers_as_texts)
{
    ck_assert_uint_eq(number("18446744073709551615"), UINT64_MAX);
    ck_assert_uint_eq(number("00000000000000000012"), 12);
    ck_assert_uint_eq(number("18446744073709551616"), 0);
    ck_assert_uint_eq(number("99999999999999999999"), 0);
    ck_assert_uint_eq(number(""), 0);
    ck_assert_uint_eq(number("-1"), 0);
    ck_assert_uint_eq(number("1 "), 0);
    ck_assert_uint_eq(number("1e3"), 0);
}
END_TEST

START_TEST(test_several_replies_at_once)
{
    struct redis_reader *reader = redis_reader_new();
    struct redis_reply *first, *second;
    ck_assert_int_eq(redis_reader_feed(reader, ":1\r\n:2\r\n:3", 10), 0);
    first = redis_reader_next(reader);
    second = redis_reader_next(reader);
    ck_assert_uint_eq(redis_reply_number(first), 1);
    ck_assert_uint_eq(redis_reply_number(second), 2);
    ck_assert_ptr_null(redis_reader_next(reader));
    redis_reply_free(first);
    redis_reply_free(second);
    redis_reader_free(reader);
}
END_TEST

static void ck_nonsense(const char *text)
{
    struct redis_reader *reader = redis_reader_new();
    if (redis_reader_feed(reader, text, strlen(text)) == 0)
        ck_assert_ptr_null(redis_reader_next(reader));
    ck_assert_msg(redis_reader_fault(reader) != NULL, "no fault: %s", text);
    ck_assert_int_eq(redis_reader_feed(reader, "+OK\r\n", 5), -1);
    ck_assert_ptr_null(redis_reader_next(reader));
    redis_reader_free(reader);
}

START_TEST(test_nonsense)
{
    ck_nonsense("SSH-2.0-OpenSSH_9.2\r\n");
    ck_nonsense("*1\r\n,1.5\r\n");
    ck_nonsense("*1\r\n#t\r\n");
    ck_nonsense("*1\r\n@\r\n");
    ck_nonsense("*1048577\r\n");
    ck_nonsense("*2147483648\r\n");
    ck_nonsense("*2\r\n:1\r\n*-2\r\n");
    ck_nonsense("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n");
    ck_nonsense("$-2\r\n");
}
END_TEST

/* No text of chance breaks the reader, or costs much. */
START_TEST(test_chance)
{
    static const char bytes[] = "*$:+-0123456789\r\n\r\n\r\nxx";
    struct chance chance;
    chance_init(&chance, "test_redis_reply");
    for (int round = 0; round < 20000; round++) {
        struct redis_reader *reader = redis_reader_new();
        char text[40] = "*";
        for (size_t i = 1; i < sizeof text; i++)
            text[i] = bytes[chance_below(&chance, sizeof bytes - 1)];
        redis_reader_feed(reader, text, sizeof text);
        for (struct redis_reply *reply; (reply = redis_reader_next(reader));)
            redis_reply_free(reply);
        redis_reader_free(reader);
    }
}
END_TEST

START_TEST(test_errors)
{
    static const struct {
        const char *text;
        enum redis_error error;
    } errors[] = {
        {"-OOM command not allowed when used memory > 'maxmemory'.\r\n", REDIS_ERROR_FULL},
        {"-MISCONF Errors writing to the AOF file: No space left on device\r\n", REDIS_ERROR_FULL},
        {"-READONLY You can't write against a read only replica.\r\n", REDIS_ERROR_NO_PRIMARY},
        {"-NOSCRIPT No matching script.\r\n", REDIS_ERROR_NO_SCRIPT},
        {"-BUSY\r\n", REDIS_ERROR_PASSING},
        {"-BUSYGROUP Consumer Group name already exists\r\n", REDIS_ERROR_FATAL},
        {"-ERR user_script:1: attempt to index a nil value\r\n", REDIS_ERROR_FATAL},
        {"-\r\n", REDIS_ERROR_FATAL},
    };
    for (size_t i = 0; i < SUPPORT_COUNT(errors); i++) {
        struct redis_reply *reply = read_whole(errors[i].text);
        ck_assert_int_eq(redis_error_of(reply), errors[i].error);
        redis_reply_free(reply);
    }
}
END_TEST

START_TEST(test_info)
{
    static const char text[] =
        "# Server\r\nredis_version:7.2.4\r\nxrole:no\r\nrole:\r\n\r\n"
        "loading:1\nmaxmemory_policy:volatile-a-very-long-name-of-a-policy\r\n"
        "aof_enabled:10\r\ncluster_enabled:1";
    struct redis_info info;
    redis_info_read(&info, text, sizeof text - 1);
    ck_assert_str_eq(info.version, "7.2.4");
    ck_assert_str_eq(info.role, "");
    ck_assert_str_eq(info.policy, "volatile-a-very-long-name-of-a-");
    ck_assert(info.is_loading && info.is_cluster && !info.is_durable);
    redis_info_read(&info, "", 0);
    ck_assert_str_eq(info.version, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("redis_reply");
    TCase *tc = tcase_create("reply");
    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_all_types_in_pieces);
    tcase_add_test(tc, test_missing_items_are_nothing);
    tcase_add_test(tc, test_numbers_as_texts);
    tcase_add_test(tc, test_several_replies_at_once);
    tcase_add_test(tc, test_nonsense);
    tcase_add_test(tc, test_chance);
    tcase_add_test(tc, test_errors);
    tcase_add_test(tc, test_info);
    return run_suite(suite);
}
