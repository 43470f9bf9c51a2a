/* test_module_breaker: when a breaker opens, and what closes it. */
#include "jobs/module_breaker.h"

#include "tests/unit/support.h"

enum { MS = 1000, WINDOW_MS = 1600, PAUSE_MS = 500 };

static const struct job_settings usual = {
    .breaker_window_ms = WINDOW_MS, .breaker_crashes = 3, .breaker_pause_ms = PAUSE_MS};
static struct job_settings settings;
static struct module_breaker breaker;
static uint64_t now_us, seq;

static void setup(void)
{
    quiet_log();
    breaker = (struct module_breaker){0};
    settings = usual;
    now_us = 123456789;
    seq = 0;
}

static bool ends(enum breaker_end end)
{
    module_breaker_begun(&breaker, &settings, ++seq, now_us);
    return module_breaker_ended(&breaker, &settings, "crash", seq, end,
                                end == BREAKER_CRASHED ? "SIGSEGV" : NULL, now_us);
}

static bool fails(void)
{
    return module_breaker_fails(&breaker, "crash", now_us);
}

static void open_it(void)
{
    for (int i = 0; i < 3; i++)
        ck_assert(ends(BREAKER_CRASHED) == (i == 2));
    ck_assert(breaker.state == BREAKER_OPEN);
}

/* Waits for the end of the pause; the next job begins as the probe. */
static void begin_probe(uint64_t pause_ms)
{
    now_us += pause_ms * MS - 1;
    ck_assert(fails());
    now_us++;
    ck_assert(!fails());
    module_breaker_begun(&breaker, &settings, ++seq, now_us);
    ck_assert(breaker.state == BREAKER_PROBING && fails());
}

static void end_probe(enum breaker_end end)
{
    module_breaker_ended(&breaker, &settings, "crash", seq, end, "SIGFPE", now_us);
}

START_TEST(test_enough_crashes)
{
    open_it();
    ck_assert(fails());
    ck_assert_str_eq(breaker.why,
                     "3 jobs of crash crashed their workers within 1600 ms, the last by SIGSEGV");
    ck_assert_uint_eq(breaker.opened, 1);
    ck_assert_uint_eq(module_breaker_retry_ms(&breaker, now_us), PAUSE_MS + 1);
}
END_TEST

START_TEST(test_less_than_half)
{
    for (int i = 0; i < 100; i++)
        ck_assert(!ends(i % 2 ? BREAKER_CRASHED : BREAKER_PASSED) || i == 5);
    setup();
    for (int i = 0; i < 99; i++)
        ck_assert(!ends(i % 3 == 2 ? BREAKER_CRASHED : BREAKER_PASSED));
    ck_assert(breaker.state == BREAKER_CLOSED && !fails());
}
END_TEST

START_TEST(test_off)
{
    settings.breaker_crashes = 0;
    for (int i = 0; i < 100; i++)
        ck_assert(!ends(BREAKER_CRASHED));
}
END_TEST

/* Old crashes count for a window, and at most a sixteenth more. */
START_TEST(test_window)
{
    ends(BREAKER_CRASHED);
    ends(BREAKER_CRASHED);
    now_us += WINDOW_MS * MS * 17 / 16;
    ck_assert(!ends(BREAKER_CRASHED));
    now_us += WINDOW_MS * MS * 15 / 16;
    ck_assert(!ends(BREAKER_CRASHED));
    ck_assert(ends(BREAKER_CRASHED));
    setup();
    for (int i = 0; i < 100; i++) {
        ck_assert(!ends(BREAKER_CRASHED));
        now_us += WINDOW_MS * MS * 3 / 5;
    }
}
END_TEST

START_TEST(test_probe_passes)
{
    open_it();
    begin_probe(PAUSE_MS);
    end_probe(BREAKER_PASSED);
    ck_assert(breaker.state == BREAKER_CLOSED && !fails());
    ck_assert_uint_eq(module_breaker_retry_ms(&breaker, now_us), 0);
    open_it();
    begin_probe(PAUSE_MS);
    now_us += WINDOW_MS * MS;
    ck_assert(!fails());
    ck_assert(breaker.state == BREAKER_CLOSED);
    end_probe(BREAKER_CRASHED); /* it counts as one of many now */
    ck_assert(breaker.state == BREAKER_CLOSED);
    ck_assert_uint_eq(breaker.opened, 2);
}
END_TEST

START_TEST(test_probe_crashes)
{
    uint64_t pause_ms = PAUSE_MS;
    open_it();
    for (int i = 0; i < 12; i++) {
        begin_probe(pause_ms);
        end_probe(BREAKER_CRASHED);
        ck_assert(breaker.state == BREAKER_OPEN);
        ck_assert_str_eq(breaker.why, "another job of crash crashed its worker, by SIGFPE");
        pause_ms = pause_ms * 2 < 60000 ? pause_ms * 2 : 60000;
    }
    begin_probe(60000);
    end_probe(BREAKER_PASSED);
    open_it();
    begin_probe(PAUSE_MS);
}
END_TEST

/* The probe ends before anybody has looked at the breaker again. */
START_TEST(test_probe_has_passed_unseen)
{
    open_it();
    begin_probe(PAUSE_MS);
    now_us += WINDOW_MS * MS;
    ck_assert_str_eq(module_breaker_state_name(&breaker, now_us), "closed");
    ck_assert_uint_eq(module_breaker_retry_ms(&breaker, now_us), 0);
    end_probe(BREAKER_CRASHED);
    ck_assert(breaker.state == BREAKER_CLOSED && !fails());
    ck_assert_uint_eq(breaker.opened, 1);
}
END_TEST

/* A probe without a verdict: the next job is the probe, at once. */
START_TEST(test_probe_decides_nothing)
{
    open_it();
    begin_probe(PAUSE_MS);
    end_probe(BREAKER_NEITHER);
    ck_assert(breaker.state == BREAKER_OPEN && !fails());
    ck_assert_uint_eq(module_breaker_retry_ms(&breaker, now_us), 1);
    module_breaker_begun(&breaker, &settings, ++seq, now_us);
    ck_assert(fails());
    module_breaker_returned(&breaker, seq - 1);
    ck_assert(breaker.state == BREAKER_PROBING);
    module_breaker_returned(&breaker, seq);
    ck_assert(breaker.state == BREAKER_OPEN && !fails());
    ck_assert_uint_eq(breaker.opened, 1);
}
END_TEST

/* Jobs begun before the opening, and early ones that were begun before they could be taken back. */
START_TEST(test_older_jobs)
{
    open_it();
    for (int end = BREAKER_PASSED; end <= BREAKER_NEITHER; end++)
        ck_assert(!ends((enum breaker_end)end));
    ck_assert(breaker.state == BREAKER_OPEN && fails());
    begin_probe(PAUSE_MS);
    ck_assert(
        !module_breaker_ended(&breaker, &settings, "crash", 1, BREAKER_CRASHED, "SIGSEGV", now_us));
    ck_assert(breaker.state == BREAKER_PROBING);
}
END_TEST

START_TEST(test_closed_from_outside)
{
    open_it();
    module_breaker_close(&breaker, "crash", "a test wants it");
    ck_assert(!fails());
    open_it();
    begin_probe(PAUSE_MS);
    module_breaker_close(&breaker, "crash", "a test wants it");
    end_probe(BREAKER_CRASHED);
    ck_assert(breaker.state == BREAKER_CLOSED);
}
END_TEST

START_TEST(test_names)
{
    ck_assert_str_eq(module_breaker_state_name(&breaker, now_us), "closed");
    open_it();
    ck_assert_str_eq(module_breaker_state_name(&breaker, now_us), "open");
    begin_probe(PAUSE_MS);
    ck_assert_str_eq(module_breaker_state_name(&breaker, now_us), "probing");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("module_breaker");
    TCase *tc = tcase_create("states");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_enough_crashes);
    tcase_add_test(tc, test_less_than_half);
    tcase_add_test(tc, test_off);
    tcase_add_test(tc, test_window);
    tcase_add_test(tc, test_probe_passes);
    tcase_add_test(tc, test_probe_has_passed_unseen);
    tcase_add_test(tc, test_probe_crashes);
    tcase_add_test(tc, test_probe_decides_nothing);
    tcase_add_test(tc, test_older_jobs);
    tcase_add_test(tc, test_closed_from_outside);
    tcase_add_test(tc, test_names);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
