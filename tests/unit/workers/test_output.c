/* test_output: lines of a worker's output, on their way from a pipe to the log. */
#include "workers/output.h"

#include "common/wire.h"
#include "jobs/module_table.h"
#include "jobs/news.h"
#include "tests/unit/support.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define MARK "\x1e"
_Static_assert(WIRE_MARK == 0x1e, "MARK");

static struct event_base *base;
static struct timers timers;
static struct log_limits log_limits;
static struct pool pool;
static uint32_t last_id;
static struct news news;
static struct worker *worker;
static struct module_entry module = {.name = "echo"};
static struct worker_shared shared;
static struct worker_process process;
static struct worker_output output;
static int log_fd, pipe_end;

static void set_up(void)
{
    int ends[2];
    log_fd = memfd_create("log", MFD_CLOEXEC);
    ck_assert_int_eq(dup2(log_fd, STDERR_FILENO), STDERR_FILENO);
    log_configure(LOG_DEBUG, LOG_TEXT);
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    pipe_end = ends[1];
    base = event_base_new();
    timers_init(&timers, 1000000000);
    log_limits_init(&log_limits, &timers);
    pool_init(&pool, &last_id, &news);
    worker = pool_add(&pool, 1);
    process = (struct worker_process){
        .output_fd = ends[0], .shared = &shared, .claims = {.shared = &shared}};
    ck_assert_int_eq(
        worker_output_open(&output, base, &timers, &process, "boot", worker, &log_limits), 0);
}

static struct job *new_job(uint64_t seq)
{
    struct job *job = job_new("1", 1, NULL, 0);
    job->asked.module = &module;
    job->seq = seq;
    return job;
}

/* The time of each line is cut off; the log is empty afterwards. */
static const char *logged(void)
{
    static char text[1 << 20], lines[1 << 20];
    ssize_t len = pread(log_fd, text, sizeof text - 1, 0);
    ck_assert_int_ge(len, 0);
    ck_assert_int_eq(ftruncate(log_fd, 0), 0);
    ck_assert_int_eq(lseek(log_fd, 0, SEEK_SET), 0);
    text[len] = lines[0] = '\0';
    char *rest = text, *line, *end = lines;
    while ((line = strsep(&rest, "\n")) && *line)
        end = stpcpy(stpcpy(end, strchr(line, ' ') + 1), "\n");
    return lines;
}

static void print_bytes(const char *bytes, size_t len)
{
    ck_assert_int_eq(write(pipe_end, bytes, len), (ssize_t)len);
    worker_output_drain(&output);
}

static void print(const char *text)
{
    print_bytes(text, strlen(text));
}

#define LINE(level, text) level " worker-output worker=1 job=\"-\" client=\"-\" text=" text "\n"

START_TEST(test_levels)
{
    print("plain\n<0>zero\n<3>three\n<4>four\n<6>six\n<7>seven\n<8>eight\n<\n");
    ck_assert_str_eq(logged(), LINE("info", "plain") LINE("error", "zero") LINE("error", "three")
                                   LINE("warn", "four") LINE("info", "six") LINE("debug", "seven")
                                       LINE("info", "\"<8>eight\"") LINE("info", "\"<\""));
}
END_TEST

/* A NUL is an LF within a worker's own line. In a module's line it stays. */
START_TEST(test_line_ends_within)
{
    print_bytes("<4>a\0b\n", 7);
    ck_assert_str_eq(logged(), LINE("warn", "\"a\\nb\""));
}
END_TEST

/* A line is logged when its end has come, or when its job ends. Its own LF may come after that. */
START_TEST(test_unfinished)
{
    print("half");
    ck_assert_str_eq(logged(), "");
    worker_output_end_line(&output);
    ck_assert_str_eq(logged(), LINE("info", "half"));
    worker_output_end_line(&output);
    print("\nwhole\n\n");
    ck_assert_str_eq(logged(), LINE("info", "whole") LINE("info", "\"\""));
}
END_TEST

/* A mark ends a line. It is nothing behind a line's end, also if that came in an earlier read. */
START_TEST(test_marks)
{
    print("half" MARK "<4>own\n" MARK "<4>next\n");
    ck_assert_str_eq(logged(), LINE("info", "half") LINE("warn", "own") LINE("warn", "next"));
    print(MARK "<4>later\nhalf");
    print(MARK "<4>last\n");
    ck_assert_str_eq(logged(), LINE("warn", "later") LINE("info", "half") LINE("warn", "last"));
}
END_TEST

/* A line too long for one value is logged in numbered parts, and no byte of it is lost. */
START_TEST(test_parts)
{
    char text[3 * OUTPUT_LINE_MAX], *line;
    size_t bytes = 0, parts = 0;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\n';
    print_bytes(text, sizeof text);
    print("short\n");
    char *rest = strdup(logged()), *copy = rest;
    while ((line = strsep(&rest, "\n")) && strstr(line, "part=")) {
        ck_assert_uint_eq(strtoul(strstr(line, "part=") + 5, NULL, 10), ++parts);
        bytes += strlen(strstr(line, "text=") + 5);
    }
    ck_assert_str_eq(line, "info worker-output worker=1 job=\"-\" client=\"-\" text=short");
    ck_assert_uint_eq(bytes, sizeof text - 1);
    ck_assert_uint_gt(parts, 2);
    free(copy);
}
END_TEST

static void print_many(int lines)
{
    for (int i = 0; i < lines; i++)
        print("x\n");
    logged();
}

static void run_at(uint64_t now_us)
{
    timers_turn(&timers, now_us);
    timers_run(&timers);
}

/* Lines above the rate are counted. The count comes when the second is over. */
START_TEST(test_rate)
{
    run_at(2000000000);
    print_many(OUTPUT_RATE_LINES);
    print("y\ny\ny\n");
    ck_assert_str_eq(logged(), "");
    run_at(2001000000);
    ck_assert_str_eq(logged(),
                     "warn worker-output-dropped worker=1 lines=3 rate=1000 module=\"-\"\n");
    print("z\n");
    ck_assert_str_eq(logged(), LINE("info", "z"));
}
END_TEST

/* --- jobs --- */

/* The worker has begun its job, and prefetched another. */
static struct job *prefetch(struct job *job, uint64_t seq)
{
    struct job *next = new_job(seq);
    worker->job = job;
    next->run.tag = (uint8_t)worker_claims_offer(&process.claims, seq);
    TAILQ_INSERT_TAIL(&worker->prefetched, next, links.waiting);
    return next;
}

/* A line has the job in progress. After a prefetched job was begun too, the line can belong to
 * both, and has none. */
START_TEST(test_job_of_a_line)
{
    struct job *job = new_job(5), *next = prefetch(job, 6);
    print("five\n");
    ck_assert_str_eq(logged(), "info worker-output worker=1 job=boot-5 client=\"-\" text=five\n");
    ck_assert(claim_settle(&shared.claims[next->run.tag], 6, CLAIM_BEGUN));
    print("five or six\n");
    ck_assert_str_eq(logged(), LINE("info", "\"five or six\""));
}
END_TEST

/* The tail is of the job alone, without priorities, and begins with a whole line. */
START_TEST(test_tail)
{
    char tail[OUTPUT_TAIL_MAX];
    print("before\n");
    ck_assert_uint_eq(worker_output_tail(&output, tail), 0);
    worker->job = new_job(5);
    print("one\n<4>two\nthr");
    ck_assert_uint_eq(worker_output_tail(&output, tail), 11);
    ck_assert_mem_eq(tail, "one\ntwo\nthr", 11);
    for (int i = 0; i < 1000; i++)
        print("0123456789\n");
    size_t len = worker_output_tail(&output, tail);
    ck_assert_uint_eq(len % 11, 0);
    ck_assert_uint_gt(len, OUTPUT_TAIL_MAX - 11);
    ck_assert_mem_eq(tail, "0123456789\n", 11);
    worker->job->seq = 6;
    ck_assert_uint_eq(worker_output_tail(&output, tail), 0);
}
END_TEST

/* At the end of the pipe, the rest is logged. */
START_TEST(test_close)
{
    print("rest");
    close(pipe_end);
    worker_output_drain(&output);
    ck_assert(!output.watched);
    worker_output_close(&output);
    ck_assert_str_eq(logged(), LINE("info", "rest"));
    event_base_free(base);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("output");
    TCase *tc = tcase_create("lines");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, test_levels);
    tcase_add_test(tc, test_line_ends_within);
    tcase_add_test(tc, test_unfinished);
    tcase_add_test(tc, test_marks);
    tcase_add_test(tc, test_parts);
    tcase_add_test(tc, test_rate);
    tcase_add_test(tc, test_close);
    suite_add_tcase(suite, tc);
    tc = tcase_create("jobs");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, test_job_of_a_line);
    tcase_add_test(tc, test_tail);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
