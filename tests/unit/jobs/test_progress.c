/* test_progress: reports on running jobs, as the source hears them. */
#include "tests/unit/jobs/recorder.h"

/* The worker makes a report; the master may have read it. */
static struct job_progress note(uint32_t id, const char *text)
{
    static uint64_t count;
    struct sim_worker *sim = sim_of(the_worker(id));
    sim->progress = (struct job_progress){.count = ++count, .job = handed_in(sim, BEGUN)->seq};
    snprintf(sim->progress.message, sizeof sim->progress.message, "%s", text);
    return sim->progress;
}

static void report(uint32_t id, const char *text)
{
    struct job_progress progress = note(id, text);
    dispatcher_worker_progress(the_worker(id), &progress);
}

START_TEST(test_reports_are_told_in_order)
{
    open_idle(1, 1, 10);
    SUBMIT(.progress = true);
    report(1, "one");
    report(1, "two");
    done(1);
    ck_told("give 1 j1, a1 progress one, a1 progress two, a1 done");
}
END_TEST

START_TEST(test_nobody_asks)
{
    struct job_progress latest;
    open_idle(1, 1, 10);
    uint64_t seq = SUBMIT();
    ck_assert(!dispatcher_job_progress(the_job(seq), &latest));
    report(1, "one");
    ck_assert(dispatcher_job_progress(the_job(seq), &latest));
    ck_assert_str_eq(latest.message, "one");
    done(1);
    ck_told("give 1 j1, a1 done");
}
END_TEST

/* The one in the page comes before the end, whatever the end is, and once. */
START_TEST(test_the_latest_before_the_end)
{
    open_idle(1, 1, 10);
    SUBMIT(.progress = true);
    report(1, "one");
    note(1, "two");
    dies(1, SIGSEGV);
    ck_told("give 1 j1, a1 progress one, back 1 j1 no, a1 progress two, a1 failed error SIG 11, "
            "forget 1, "
            "start 2");
    ready(2);
    SUBMIT(.progress = true);
    report(2, "three");
    dies(2, SIGSEGV);
    ck_told(
        "give 2 j2, a2 progress three, back 2 j2 no, a2 failed error SIG 11, forget 2, start 3");
}
END_TEST

/* A message that arrives behind a look at the page tells nothing new. */
START_TEST(test_an_older_report_is_not_told)
{
    open_idle(1, 1, 10);
    SUBMIT(.progress = true);
    struct job_progress first = note(1, "one");
    report(1, "two");
    dispatcher_worker_progress(the_worker(1), &first);
    done(1);
    ck_told("give 1 j1, a1 progress two, a1 done");
}
END_TEST

/* The next job has made the latest report, and the first job's answer was not read yet. */
START_TEST(test_another_jobs_report_is_not_told)
{
    struct job_progress latest;
    open_prefetched();
    the_job(3)->asked.notify_progress = true;
    hush_news();
    note(1, "the first one's");
    finishes_well(1);
    begins(1);
    note(1, "the second one's");
    ck_assert(!dispatcher_job_progress(the_job(3), &latest));
    reads(1);
    ck_assert_ptr_null(strstr(news(), "progress"));
}
END_TEST

START_TEST(test_a_waiting_job_has_none)
{
    struct job_progress latest;
    open_idle(1, 1, 10);
    SUBMIT();
    ck_assert(!dispatcher_job_progress(the_job(SUBMIT()), &latest));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("progress");
    TCase *tc = recorder_case(suite, "progress");
    tcase_add_test(tc, test_reports_are_told_in_order);
    tcase_add_test(tc, test_nobody_asks);
    tcase_add_test(tc, test_the_latest_before_the_end);
    tcase_add_test(tc, test_an_older_report_is_not_told);
    tcase_add_test(tc, test_another_jobs_report_is_not_told);
    tcase_add_test(tc, test_a_waiting_job_has_none);
    return run_suite(suite);
}
