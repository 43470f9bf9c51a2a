/* The client's framing: every split of the input at every byte, large payloads, faults. */
#include "client/lib/reader.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char conversation[] = "{\"event\":\"hello\"}\r\n"
                                   "{\"event\":\"done\",\"id\":1,\"size\":6}\n832040"
                                   "{\"event\":\"done\",\"id\":2,\"size\":0}\n"
                                   "{\"event\":\"done\",\"id\":3,\"size\":5}\n\n\0{}\n"
                                   "{\"event\":\"pong\",\"id\":4}\n";

static const struct {
    const char *line;
    const char *payload;
    size_t size;
} messages[] = {
    {"{\"event\":\"hello\"}", NULL, 0},
    {"{\"event\":\"done\",\"id\":1,\"size\":6}", "832040", 6},
    {"{\"event\":\"done\",\"id\":2,\"size\":0}", NULL, 0},
    {"{\"event\":\"done\",\"id\":3,\"size\":5}", "\n\0{}\n", 5},
    {"{\"event\":\"pong\",\"id\":4}", NULL, 0},
};

enum { MESSAGE_COUNT = sizeof messages / sizeof messages[0] };

static struct tmc_failure failure;

/* Hands the bytes over and compares each whole message with the next expected one. */
static void feed(struct tmc_reader *reader, const char *bytes, size_t size, size_t *next)
{
    while (size > 0) {
        struct tmc_message message;
        size_t room;
        char *target = tmc_reader_room(reader, &room);
        ck_assert_ptr_nonnull(target);
        ck_assert_uint_gt(room, 0);
        size_t count = size < room ? size : room;
        memcpy(target, bytes, count);
        tmc_reader_filled(reader, count);
        bytes += count;
        size -= count;
        while (tmc_reader_next(reader, &message, &failure) == TM_CLIENT_OK && message.header) {
            ck_assert_uint_lt(*next, MESSAGE_COUNT);
            ck_assert_str_eq(message.line, messages[*next].line);
            ck_assert_uint_eq(message.size, messages[*next].size);
            if (message.size > 0)
                ck_assert_mem_eq(message.payload, messages[*next].payload, message.size);
            tmc_message_clear(&message);
            ++*next;
        }
    }
}

START_TEST(every_split)
{
    const size_t size = sizeof conversation - 1;
    for (size_t first = 0; first <= size; first++)
        for (size_t second = first; second <= size; second += 7) {
            struct tmc_reader *reader = tmc_reader_new();
            size_t next = 0;
            feed(reader, conversation, first, &next);
            feed(reader, conversation + first, second - first, &next);
            feed(reader, conversation + second, size - second, &next);
            ck_assert_uint_eq(next, MESSAGE_COUNT);
            ck_assert(!tmc_reader_midway(reader));
            tmc_reader_free(reader);
        }
}
END_TEST

START_TEST(byte_by_byte)
{
    struct tmc_reader *reader = tmc_reader_new();
    size_t next = 0;
    for (size_t i = 0; i < sizeof conversation - 1; i++)
        feed(reader, conversation + i, 1, &next);
    ck_assert_uint_eq(next, MESSAGE_COUNT);
    tmc_reader_free(reader);
}
END_TEST

/* Past the input buffer and in pieces of any size, with a message behind it. */
START_TEST(large_payload)
{
    enum { SIZE = 300000 };
    static const char head[] = "{\"event\":\"done\",\"id\":1,\"size\":300000}\n";
    static const char tail[] = "{\"event\":\"pong\",\"id\":2}\n";
    const size_t total = sizeof head - 1 + SIZE + sizeof tail - 1;
    char *stream = malloc(total);
    memcpy(stream, head, sizeof head - 1);
    for (size_t i = 0; i < SIZE; i++)
        stream[sizeof head - 1 + i] = (char)(i * 7 >> 3);
    memcpy(stream + sizeof head - 1 + SIZE, tail, sizeof tail - 1);

    for (size_t piece = 1; piece < 400000; piece = piece * 3 + 1) {
        struct tmc_reader *reader = tmc_reader_new();
        struct tmc_message message;
        int whole = 0;
        tmc_reader_set_payload_max(reader, SIZE);
        for (size_t at = 0; at < total;) {
            size_t room, count = piece < total - at ? piece : total - at;
            char *target = tmc_reader_room(reader, &room);
            count = count < room ? count : room;
            memcpy(target, stream + at, count);
            tmc_reader_filled(reader, count);
            at += count;
            while (tmc_reader_next(reader, &message, &failure) == TM_CLIENT_OK && message.header) {
                if (whole++ == 0) {
                    ck_assert_uint_eq(message.size, SIZE);
                    ck_assert_mem_eq(message.payload, stream + sizeof head - 1, SIZE);
                    ck_assert_int_eq(message.payload[SIZE], '\0');
                }
                tmc_message_clear(&message);
            }
        }
        ck_assert_int_eq(whole, 2);
        tmc_reader_free(reader);
    }
    free(stream);
}
END_TEST

static tm_client_status read_text(const char *text, size_t size)
{
    struct tmc_reader *reader = tmc_reader_new();
    struct tmc_message message;
    size_t room;
    char *target = tmc_reader_room(reader, &room);
    ck_assert_uint_le(size, room);
    memcpy(target, text, size);
    tmc_reader_filled(reader, size);
    tm_client_status status = tmc_reader_next(reader, &message, &failure);
    tmc_message_clear(&message);
    tmc_reader_free(reader);
    return status;
}

START_TEST(refuses)
{
    static const char *const texts[] = {
        "\n",
        "[]\n",
        "7\n",
        "HTTP/1.1 400 Bad Request\r\n",
        "{\"event\":\"done\"} x\n",
        "{\"event\":\"done\",\"event\":\"done\"}\n",
        "{\"event\":\"\xff\"}\n",
        "{\"event\":\"\\u0000\"}\n",
        "{\"event\":\"done\",\"size\":-1}\n",
        "{\"event\":\"done\",\"size\":1.5}\n",
        "{\"event\":\"done\",\"size\":1e3}\n",
        "{\"event\":\"done\",\"size\":\"1\"}\n",
        "{\"event\":\"done\",\"size\":9223372036854775807}\n",
        "{\"event\":\"done\",\"size\":9223372036854775808}\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ck_assert_msg(read_text(texts[i], strlen(texts[i])) == TM_CLIENT_PROTOCOL, "%s", texts[i]);
        ck_assert_str_ne(failure.text, "");
    }
    ck_assert_int_eq(read_text("{\"a\":\0}\n", 8), TM_CLIENT_PROTOCOL);
    ck_assert_int_eq(read_text("{\"a\":1\0}\n", 9), TM_CLIENT_PROTOCOL);
}
END_TEST

/* A negative size is a whole number, too: the text has the range. */
START_TEST(names_the_range_of_size)
{
    static const char text[] = "{\"event\":\"done\",\"size\":-1}\n";
    ck_assert_int_eq(read_text(text, sizeof text - 1), TM_CLIENT_PROTOCOL);
    ck_assert_str_eq(failure.text,
                     "the server's answer breaks the protocol: size is not an integer from 0");
}
END_TEST

/* A number of any size is fine where nobody needs its value. */
START_TEST(numbers)
{
    static const char *const texts[] = {
        "{\"event\":\"done\",\"context\":100000000000000000000}\n",
        "{\"event\":\"done\",\"context\":[1e309,-1e309]}\n",
        "{\"event\":\"done\",\"of-later\":-9223372036854775809}\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(read_text(texts[i], strlen(texts[i])) == TM_CLIENT_OK, "%s", texts[i]);
}
END_TEST

START_TEST(header_length)
{
    char line[HEADER_MAX + 1];
    memset(line, ' ', sizeof line);
    line[0] = '{';
    line[HEADER_MAX - 2] = '}';
    line[HEADER_MAX - 1] = '\n';
    ck_assert_int_eq(read_text(line, HEADER_MAX), TM_CLIENT_OK);
    line[HEADER_MAX - 1] = ' ';
    line[HEADER_MAX] = '\n';
    ck_assert_int_eq(read_text(line, HEADER_MAX + 1), TM_CLIENT_PROTOCOL);
    ck_assert_int_eq(read_text(line, HEADER_MAX), TM_CLIENT_PROTOCOL);
    ck_assert_int_eq(read_text(line, HEADER_MAX - 1), TM_CLIENT_OK);
}
END_TEST

/* Reads a message with a `size`, for a server with a `payload_max`. `event`: between its quotes. */
static tm_client_status promise(const char *event, uint64_t size, size_t payload_max)
{
    char text[128];
    struct tmc_message message;
    struct tmc_reader *reader = tmc_reader_new();
    size_t room,
        len = (size_t)snprintf(text, sizeof text, "{\"event\":\"%s\",\"size\":%" PRIu64 "}\nabc",
                               event, size);
    if (payload_max > 0)
        tmc_reader_set_payload_max(reader, payload_max);
    memcpy(tmc_reader_room(reader, &room), text, len);
    tmc_reader_filled(reader, len);
    tm_client_status status = tmc_reader_next(reader, &message, &failure);
    tmc_message_clear(&message);
    tmc_reader_free(reader);
    return status;
}

/* A size takes no memory, and is at most the hello's. */
START_TEST(size_is_not_believed)
{
    static const char *const jobs[] = {"done", "failed", "overload", "part"};
    static const char *const answers[] = {"stats", "workers", "jobs", "later"};
    const size_t gib = (size_t)1 << 30;
    for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
        ck_assert_int_eq(promise(jobs[i], gib, gib), TM_CLIENT_OK);
        ck_assert_int_eq(promise(jobs[i], gib + 1, gib), TM_CLIENT_PROTOCOL);
        ck_assert_int_eq(promise(jobs[i], 1000, 1000), TM_CLIENT_OK);
        ck_assert_int_eq(promise(jobs[i], 1001, 1000), TM_CLIENT_PROTOCOL);
        ck_assert_int_eq(promise(jobs[i], INT64_MAX, gib), TM_CLIENT_PROTOCOL);
        ck_assert_int_eq(promise(jobs[i], UINT64_MAX, gib), TM_CLIENT_PROTOCOL);
        ck_assert_int_eq(promise(jobs[i], GREETING_SIZE_MAX + 1, 0), TM_CLIENT_PROTOCOL);
    }
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        ck_assert_int_eq(promise(answers[i], ANSWER_SIZE_MAX, 1000), TM_CLIENT_OK);
        ck_assert_int_eq(promise(answers[i], ANSWER_SIZE_MAX + 1, 1000), TM_CLIENT_PROTOCOL);
        ck_assert_int_eq(promise(answers[i], gib, gib), TM_CLIENT_OK);
    }
}
END_TEST

/* Others submitted them, maybe with more than this connection may. */
START_TEST(jobs_of_others_may_be_larger)
{
    static const char *const events[] = {"peek", "done\",\"service\":\"s",
                                         "failed\",\"service\":\"s"};
    const size_t gib = (size_t)1 << 30;
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        ck_assert_int_eq(promise(events[i], gib, 1000), TM_CLIENT_OK);
        ck_assert_int_eq(promise(events[i], gib + 1, 1000), TM_CLIENT_PROTOCOL);
    }
    ck_assert_int_eq(promise("part\",\"service\":\"s", 1001, 1000), TM_CLIENT_PROTOCOL);
}
END_TEST

/* They may have been kept since payload_max was more. */
START_TEST(kept_results_may_be_larger)
{
    static const char text[] = "{\"event\":\"done\",\"size\":1073741824}\n"
                               "{\"event\":\"part\",\"size\":1001}\n";
    for (size_t skip = 0; skip <= 38; skip += 38) {
        struct tmc_message message;
        struct tmc_reader *reader = tmc_reader_new();
        size_t room;
        tmc_reader_set_payload_max(reader, 1000);
        tmc_reader_allow_any_result(reader);
        memcpy(tmc_reader_room(reader, &room), text + skip, sizeof text - 1 - skip);
        tmc_reader_filled(reader, sizeof text - 1 - skip);
        ck_assert_int_eq(tmc_reader_next(reader, &message, &failure),
                         skip == 0 ? TM_CLIENT_OK : TM_CLIENT_PROTOCOL);
        tmc_message_clear(&message);
        tmc_reader_free(reader);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("reader");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, every_split);
    tcase_add_test(tcase, byte_by_byte);
    tcase_add_test(tcase, large_payload);
    tcase_add_test(tcase, refuses);
    tcase_add_test(tcase, names_the_range_of_size);
    tcase_add_test(tcase, numbers);
    tcase_add_test(tcase, header_length);
    tcase_add_test(tcase, size_is_not_believed);
    tcase_add_test(tcase, jobs_of_others_may_be_larger);
    tcase_add_test(tcase, kept_results_may_be_larger);
    Suite *suite = suite_create("client reader");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
