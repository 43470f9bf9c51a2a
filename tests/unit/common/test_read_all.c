/* test_read_all: everything is read, in pieces of any size, and no more than there is room for. */
#include "common/read_all.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <sys/types.h>

/* The results of the calls of read(): a text, the end (""), or an error (NULL). */
struct found {
    const char *text;
    int error;
};

static const struct found *next;
static size_t rooms[8], calls;

ssize_t __wrap_read(int fd, void *data, size_t size);

ssize_t __wrap_read(int fd, void *data, size_t size)
{
    ck_assert_int_eq(fd, 7);
    ck_assert_uint_lt(calls, SUPPORT_COUNT(rooms));
    rooms[calls++] = size;
    errno = next->error;
    const char *text = (next++)->text;
    if (!text)
        return -1;
    size_t len = strlen(text) < size ? strlen(text) : size;
    memcpy(data, text, len);
    return (ssize_t)len;
}

static ssize_t read_of(const struct found *found, char *data, size_t size)
{
    next = found;
    calls = 0;
    memset(data, '-', size + 1);
    return read_all(7, data, size);
}

START_TEST(test_pieces)
{
    static const struct found pieces[] = {{"12", 0}, {NULL, EINTR}, {"345", 0}, {"", 0}};
    char data[10];
    ck_assert_int_eq(read_of(pieces, data, 9), 5);
    ck_assert_mem_eq(data, "12345-----", 10);
    ck_assert_uint_eq(calls, 4);
    ck_assert_uint_eq(rooms[1], 7);
    ck_assert_uint_eq(rooms[2], 7);
    ck_assert_uint_eq(rooms[3], 4);
}
END_TEST

START_TEST(test_no_more_than_there_is_room_for)
{
    static const struct found pieces[] = {{"12", 0}, {"3456", 0}, {"78", 0}};
    char data[6];
    ck_assert_int_eq(read_of(pieces, data, 5), 5);
    ck_assert_mem_eq(data, "12345-", 6);
    ck_assert_uint_eq(calls, 2); /* a third call would wait for the writer of a pipe */
    ck_assert_int_eq(read_of(pieces, data, 0), 0);
    ck_assert_uint_eq(calls, 0);
}
END_TEST

START_TEST(test_nothing)
{
    static const struct found end[] = {{"", 0}};
    char data[2];
    ck_assert_int_eq(read_of(end, data, 1), 0);
}
END_TEST

START_TEST(test_an_error_behind_some_bytes)
{
    static const struct found pieces[] = {{"12", 0}, {NULL, EIO}};
    char data[10];
    ck_assert_int_eq(read_of(pieces, data, 9), -1);
    ck_assert_int_eq(errno, EIO);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("read_all");
    TCase *tc = tcase_create("read_all");
    tcase_add_test(tc, test_pieces);
    tcase_add_test(tc, test_no_more_than_there_is_room_for);
    tcase_add_test(tc, test_nothing);
    tcase_add_test(tc, test_an_error_behind_some_bytes);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
