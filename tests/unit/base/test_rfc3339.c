/* test_rfc3339: times with a zone, and texts that are none. */
#include "base/rfc3339.h"
#include "tests/unit/support.h"

#include <string.h>

static const struct {
    const char *text;
    uint64_t ms;
} times[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"1970-01-01T00:00:00.001Z", 1},
    {"2000-02-29T12:30:45Z", 951827445000},
    {"2000-03-01t00:00:00z", 951868800000},
    {"2026-11-30T08:15:00Z", 1796026500000},
    {"2026-11-30 09:15:00.5+01:00", 1796026500500},
    {"2026-11-30T02:45:00-05:30", 1796026500000},
    {"2026-12-31T23:59:60Z", 1798761600000},
    {"2100-02-28T23:59:59.9999Z", 4107542399999},
    {"9999-12-31T23:59:59Z", 253402300799000},
};

static const char *const others[] = {
    "",
    "now",
    "2026-11-30",
    "2026-11-30T08:15:00",
    "2026-11-30T08:15Z",
    "2026-11-30T08:15:00.Z",
    "2026-11-30T8:15:00Z",
    "2026-11-30T24:00:00Z",
    "2026-11-30T08:60:00Z",
    "2026-11-30T08:15:61Z",
    "2026-11-31T08:15:00Z",
    "2026-02-29T08:15:00Z",
    "2100-02-29T08:15:00Z",
    "2026-13-01T08:15:00Z",
    "2026-00-01T08:15:00Z",
    "2026-01-00T08:15:00Z",
    "1969-12-31T23:59:59Z",
    "1970-01-01T00:00:00+01:00",
    "2026-11-30T08:15:00+1:00",
    "2026-11-30T08:15:00+24:00",
    "2026-11-30T08:15:00Z ",
    " 2026-11-30T08:15:00Z",
    "+026-11-30T08:15:00Z",
};

START_TEST(test_a_time)
{
    uint64_t ms;
    ck_assert_msg(rfc3339_read(times[_i].text, strlen(times[_i].text), &ms), "%s", times[_i].text);
    ck_assert_uint_eq(ms, times[_i].ms);
}
END_TEST

START_TEST(test_no_time)
{
    uint64_t ms;
    ck_assert_msg(!rfc3339_read(others[_i], strlen(others[_i]), &ms), "%s", others[_i]);
}
END_TEST

/* The text ends where its length says so. */
START_TEST(test_a_time_cut_off)
{
    const char *text = "2026-11-30T08:15:00Z";
    uint64_t ms;
    for (size_t len = 0; len < strlen(text); len++)
        ck_assert(!rfc3339_read(text, len, &ms));
}
END_TEST

/* What is written is read again, to the second. */
START_TEST(test_written)
{
    char text[RFC3339_MAX];
    uint64_t ms;
    rfc3339_write(text, times[_i].ms);
    ck_assert_uint_eq(strlen(text), strlen("2026-11-30T08:15:00Z"));
    ck_assert(rfc3339_read(text, strlen(text), &ms));
    ck_assert_uint_eq(ms, times[_i].ms / 1000 * 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rfc3339");
    TCase *tc = tcase_create("rfc3339");
    suite_add_tcase(suite, tc);
    tcase_add_loop_test(tc, test_a_time, 0, (int)(sizeof times / sizeof *times));
    tcase_add_loop_test(tc, test_no_time, 0, (int)(sizeof others / sizeof *others));
    tcase_add_test(tc, test_a_time_cut_off);
    tcase_add_loop_test(tc, test_written, 0, (int)(sizeof times / sizeof *times));
    return run_suite(suite);
}
