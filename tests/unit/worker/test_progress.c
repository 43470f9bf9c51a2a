/* Reports on progress: noted all, sent some. */
#include "worker/progress.h"

#include "tests/unit/suite.h"

#include <check.h>
#include <math.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct worker_shared shared;
static struct progress progress;
static struct master_link *master_link;
static int master;

static void set_up(void)
{
    int fds[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    master = fds[0];
    master_link = master_link_new(fds[1]);
    memset(&shared, 0, sizeof(shared));
    progress_init(&progress, &shared, master_link);
}

static void tear_down(void)
{
    master_link_free(master_link);
    close(master);
}

TM_PRINTF(3, 4)
static void report(uint64_t now_us, double fraction, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    progress_report(&progress, 7, now_us, fraction, fmt, args);
    va_end(args);
}

static const struct job_progress *latest(void)
{
    return &shared.progress[shared.progress_count % WORKER_PROGRESS_KEPT];
}

/* The text of the next report sent; NULL if none was sent. */
static const char *sent(void)
{
    static struct job_progress got;
    struct wire_head head;

    if (recv(master, &head, sizeof(head), MSG_DONTWAIT) != (ssize_t)sizeof(head))
        return NULL;
    ck_assert_uint_eq(head.type, WIRE_PROGRESS);
    ck_assert_uint_eq(head.job, 7);
    memset(&got, 0, sizeof(got));
    ck_assert_int_eq(read(master, &got, head.size), (ssize_t)head.size);
    ck_assert_uint_eq(got.job, 7);
    return got.message;
}

START_TEST(each_report_is_noted)
{
    progress_begin(&progress, false);
    for (int i = 1; i <= 10; i++) {
        report(1000 + (uint64_t)i, i / 10.0, "step %d", i);
        ck_assert_uint_eq(latest()->count, (uint64_t)i);
        ck_assert_uint_eq(latest()->at_us, 1000 + (uint64_t)i);
        ck_assert_double_eq(latest()->fraction, i / 10.0);
    }
    ck_assert_str_eq(latest()->message, "step 10");
    ck_assert_int_eq(progress_end(&progress), LINK_OK);
    ck_assert_ptr_null(sent());
}
END_TEST

START_TEST(ten_a_second_are_sent_and_the_last)
{
    progress_begin(&progress, true);
    report(5000000, 0.1, "first");
    ck_assert_str_eq(sent(), "first");
    report(5099999, 0.2, "too early");
    ck_assert_ptr_null(sent());
    report(5100000, 0.3, "in time");
    ck_assert_str_eq(sent(), "in time");
    ck_assert_int_eq(progress_end(&progress), LINK_OK);
    ck_assert_ptr_null(sent());
    report(5100001, 0.3, "early");
    report(5100002, 0.4, "the last");
    ck_assert_int_eq(progress_end(&progress), LINK_OK);
    ck_assert_str_eq(sent(), "the last");
    ck_assert_int_eq(progress_end(&progress), LINK_OK);
    ck_assert_ptr_null(sent());
    progress_begin(&progress, true);
    report(5100003, 0, NULL);
    ck_assert_str_eq(sent(), "");
}
END_TEST

START_TEST(any_fraction_and_any_text)
{
    char text[2 * MESSAGE_MAX];
    static const double fractions[][2] = {{NAN, 0},  {-NAN, 0},     {-1, 0}, {-INFINITY, 0},
                                          {1.01, 1}, {INFINITY, 1}, {1, 1},  {0.5, 0.5}};

    progress_begin(&progress, true);
    for (size_t i = 0; i < sizeof(fractions) / sizeof(fractions[0]); i++) {
        report(1, fractions[i][0], "x");
        ck_assert_double_eq(latest()->fraction, fractions[i][1]);
    }
    memset(text, 'y', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    report(1, 0, "%s", text);
    ck_assert_uint_eq(strlen(latest()->message), MESSAGE_MAX);
    report(1, 0, "%.*s%s", MESSAGE_MAX - 1, text, "\u00e9");
    ck_assert_uint_eq(strlen(latest()->message), MESSAGE_MAX - 1);
    report(1, 0, "\001\xff");
    ck_assert_str_eq(latest()->message, " \uFFFD");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("progress");
    TCase *tc = tcase_create("progress");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, each_report_is_noted);
    tcase_add_test(tc, ten_a_second_are_sent_and_the_last);
    tcase_add_test(tc, any_fraction_and_any_text);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
