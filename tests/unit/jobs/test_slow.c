/* test_slow: jobs that wait or run for slow-ms are logged then, each once; and the log of ends. */
#include "jobs/slow.h"

#include "tests/unit/jobs/recorder.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SLOW_MS = 100 };

static struct job_log job_log;
static struct job_slow slow;
static struct pools of_one; /* the recorder's dispatcher alone */
static int log_fd;

static void open_slow(uint32_t workers, uint32_t pool_max)
{
    log_fd = memfd_create("log", MFD_CLOEXEC);
    open_idle(workers, pool_max, 5000);
    log_use(log_fd);
    log_configure(LOG_INFO, LOG_TEXT);
    of_one.first = &d;
    LIST_INIT(&of_one.list);
    LIST_INSERT_HEAD(&of_one.list, &d, link);
    job_log_init(&job_log, &shared.news, &timers, "boot");
    job_slow_init(&slow, &of_one, &timers, &job_log);
    job_slow_configure(&slow, SLOW_MS);
    pass_ms(1);
}

static void close_slow(void)
{
    job_slow_end(&slow);
    job_log_end(&job_log);
    log_open();
    log_configure((enum log_level)(LOG_ERROR + 1), LOG_TEXT);
}

/* The loop turns, and time passes. */
static void pass_turn_ms(uint64_t ms)
{
    job_slow_turn(&slow);
    pass_ms(ms);
    job_slow_turn(&slow);
}

/* Returns "job-slow 2 waiting, job-end 1 failed, ..." since the last call. */
static const char *logged(void)
{
    static char text[65536], told[4096];
    char *save, *line;
    ssize_t n = pread(log_fd, text, sizeof text - 1, 0);
    text[n < 0 ? 0 : n] = '\0';
    ck_assert_int_eq(ftruncate(log_fd, 0), 0);
    ck_assert_int_eq(lseek(log_fd, 0, SEEK_SET), 0);
    *told = '\0';
    for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char event[32] = "", seq[32] = "", word[32] = "";
        const char *job = strstr(line, "job=boot-"), *state = strstr(line, " state="),
                   *end = strstr(line, " reason=");
        if (!job || sscanf(line, "%*s %*s %31s", event) != 1)
            continue;
        sscanf(job, "job=boot-%31s", seq);
        sscanf(state ? state + 7 : end ? end + 8 : "done", "%31s", word);
        size_t len = strlen(told);
        snprintf(told + len, sizeof told - len, "%s%s %s %s", len ? ", " : "", event, seq, word);
    }
    return told;
}

START_TEST(test_a_running_job_once)
{
    open_slow(1, 1);
    SUBMIT();
    pass_turn_ms(SLOW_MS - 1);
    ck_assert_str_eq(logged(), "");
    pass_turn_ms(1);
    ck_assert_str_eq(logged(), "job-slow 1 running");
    pass_turn_ms(10000);
    ck_assert_str_eq(logged(), "");
    done(1);
    hush_news();
    pass_turn_ms(SLOW_MS);
    ck_assert(!timer_is_set(&slow.timer));
    close_slow();
}
END_TEST

START_TEST(test_waiting_jobs_in_their_order)
{
    open_slow(1, 1);
    SUBMIT();
    SUBMIT();
    SUBMIT();
    pass_turn_ms(50);
    SUBMIT();
    pass_turn_ms(50);
    ck_assert_str_eq(logged(), "job-slow 2 waiting, job-slow 3 waiting, job-slow 1 running");
    pass_turn_ms(100); /* looks are at least as far from each other */
    ck_assert_str_eq(logged(), "job-slow 4 waiting");
    done(1);
    pass_turn_ms(1000);
    ck_assert_str_eq(logged(), "job-slow 2 running");
    hush_news();
    close_slow();
}
END_TEST

/* The last one told leaves the line first. */
START_TEST(test_a_told_job_is_cancelled)
{
    open_slow(1, 1);
    for (int i = 0; i < 5; i++)
        SUBMIT();
    pass_turn_ms(SLOW_MS);
    logged();
    SUBMIT();
    dispatcher_cancel(the_job(5), false);
    pass_turn_ms(2 * SLOW_MS);
    ck_assert_str_eq(logged(), "job-slow 6 waiting");
    hush_news();
    close_slow();
}
END_TEST

/* Held for their client, and passed by another's job: each is told. */
START_TEST(test_passed_jobs)
{
    open_slow(1, 1);
    shared.limits.source_unread_max = 1000000;
    SUBMIT();
    for (int i = 0; i < 3; i++)
        SUBMIT(.source = 'b');
    SUBMIT();
    dispatcher_source_unread(&shared, &source_of('b')->source, 1000001);
    done(1);
    ck_assert_int_eq(the_job(2)->run.place, JOB_PASSED);
    pass_turn_ms(50);
    SUBMIT(.source = 'b');
    pass_turn_ms(50);
    ck_assert_str_eq(logged(), "job-slow 2 waiting, job-slow 3 waiting, job-slow 4 waiting, "
                               "job-slow 5 running");
    dispatcher_cancel(the_job(4), false);
    pass_turn_ms(SLOW_MS);
    ck_assert_str_eq(logged(), "job-slow 6 waiting");
    hush_news();
    close_slow();
}
END_TEST

/* Given to a worker beforehand, they wait as those in the line. */
START_TEST(test_prefetched_jobs)
{
    open_slow(1, 1);
    d.limits.worker_window = 4;
    for (int i = 0; i < 3; i++)
        SUBMIT();
    done(1);
    ck_assert(job_is_prefetched(the_job(3)));
    pass_turn_ms(SLOW_MS);
    ck_assert_str_eq(logged(), "job-slow 3 waiting, job-slow 2 running");
    hush_news();
    close_slow();
}
END_TEST

START_TEST(test_a_job_being_stopped)
{
    open_slow(1, 1);
    SUBMIT();
    dispatcher_cancel(the_job(1), false);
    pass_turn_ms(SLOW_MS);
    ck_assert_str_eq(logged(), "job-slow 1 stopping");
    hush_news();
    close_slow();
}
END_TEST

/* More than a batch: the rest has the next turn, and the lines of a second are counted. */
START_TEST(test_a_long_line)
{
    open_slow(1, 1);
    for (int i = 0; i < 2500; i++)
        SUBMIT();
    silent = true;
    pass_turn_ms(SLOW_MS);
    for (int i = 0; i < 5; i++)
        turn();
    ck_assert_uint_eq(job_log.limit.lines, 1000);
    ck_assert_uint_eq(job_log.limit.left_out, 1500);
    ck_assert_uint_eq(d.slow_told, 2500);
    logged();
    hush_news();
    close_slow();
}
END_TEST

START_TEST(test_without_jobs_no_timer)
{
    open_slow(1, 1);
    pass_turn_ms(1000);
    ck_assert(!timer_is_set(&slow.timer));
    job_slow_configure(&slow, 0);
    SUBMIT();
    pass_turn_ms(1000);
    ck_assert(!timer_is_set(&slow.timer));
    ck_assert_str_eq(logged(), "");
    hush_news();
    close_slow();
}
END_TEST

static const struct {
    enum job_log_ends ends;
    const char *told;
} wants[] = {
    {JOB_LOG_NONE, ""},
    {JOB_LOG_LOST, "job-end 3 error"},
    {JOB_LOG_FAILED, "job-end 2 module, job-end 3 error, job-end 5 cancelled"},
    {JOB_LOG_ALL, "job-end 1 done, job-end 2 module, job-end 3 error, job-end 5 cancelled"},
};

START_TEST(test_ends)
{
    open_slow(2, 2);
    job_log_configure(&job_log, wants[_i].ends);
    SUBMIT();
    done(2);
    SUBMIT();
    fails(2, "bad-input");
    SUBMIT();
    SUBMIT();
    SUBMIT();
    dies(2, SIGSEGV);
    job_set_by(the_job(5), BY_SUBMITTER, NULL);
    dispatcher_cancel(the_job(5), false);
    ck_assert_str_eq(logged(), wants[_i].told);
    hush_news();
    close_slow();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("slow");
    TCase *tcase = recorder_case(suite, "slow");
    tcase_add_test(tcase, test_a_running_job_once);
    tcase_add_test(tcase, test_waiting_jobs_in_their_order);
    tcase_add_test(tcase, test_a_told_job_is_cancelled);
    tcase_add_test(tcase, test_passed_jobs);
    tcase_add_test(tcase, test_prefetched_jobs);
    tcase_add_test(tcase, test_a_job_being_stopped);
    tcase_add_test(tcase, test_a_long_line);
    tcase_add_test(tcase, test_without_jobs_no_timer);
    tcase_add_loop_test(tcase, test_ends, 0, (int)(sizeof wants / sizeof *wants));
    return run_suite(suite);
}
