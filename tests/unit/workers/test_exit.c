/* test_exit: the words for a worker's end. */
#include "workers/exit.h"

#include "tests/unit/support.h"
#include "workers/workers.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CORE = 0x80 }; /* in a wait status */

static struct timers timers;
static struct log_limits log_limits;
static struct workers workers = {.log_limits = &log_limits, .boot = "boot"};
static struct module_entry module = {.name = "echo"};
static struct worker_shared shared;
static struct dispatcher pool = {.name = "reports"};
static struct worker worker;
static struct worker_link a_link;
static struct worker_exit end_of_worker;
static char text[WORKER_EXIT_TEXT_MAX];
static struct post_mortem crash;
static int log_fd;

static void set_up(void)
{
    log_fd = memfd_create("log", MFD_CLOEXEC);
    ck_assert_int_eq(dup2(log_fd, STDERR_FILENO), STDERR_FILENO);
    log_configure(LOG_INFO, LOG_TEXT);
    timers_init(&timers, 1000);
    log_limits_init(&log_limits, &timers);
    memset(&shared, 0, sizeof shared);
    worker = (struct worker){.id = 3,
                             .pid = 77,
                             .state = WORKER_BUSY,
                             .pool = &pool.pool,
                             .end = END_RELOAD,
                             .jobs_done = 8};
    a_link = (struct worker_link){.worker = &worker, .workers = &workers};
    a_link.process.shared = a_link.process.claims.shared = &shared;
    a_link.been = 1u << LINK_STARTED | 1u << LINK_AUTHENTICATED | 1u << LINK_READY;
}

static void turns(enum worker_link_state state)
{
    a_link.been |= (uint8_t)(1u << state);
}

static int exited(int status)
{
    return status << 8;
}

/* What is said of that wait status; -1: it is not known. */
static const char *described(int status)
{
    end_of_worker = (struct worker_exit){.signal = 0};
    worker_exit_describe(&a_link, status < 0 ? NULL : &status, &end_of_worker, text);
    ck_assert_ptr_eq(end_of_worker.why, text);
    return text;
}

START_TEST(test_status)
{
    ck_assert_str_eq(described(exited(3)), "it exited with status 3");
    ck_assert(end_of_worker.exited && end_of_worker.exit_status == 3 && !end_of_worker.signal);
    ck_assert_str_eq(described(SIGSEGV), "it was ended by SIGSEGV");
    ck_assert(!end_of_worker.exited && end_of_worker.signal == SIGSEGV);
    ck_assert_str_eq(described(SIGABRT | CORE), "it was ended by SIGABRT (core dumped)");
}
END_TEST

/* Before the reaping, the state has to tell. */
START_TEST(test_no_status)
{
    ck_assert_str_eq(described(-1), "it was killed and does not end");
    turns(LINK_CLOSED);
    ck_assert_str_eq(described(-1), "it closed its connection");
    ck_assert_str_eq(described(SIGTERM), "it was ended by SIGTERM");
}
END_TEST

START_TEST(test_kill_of_somebody_else)
{
    static const char *const expected = "it was ended by SIGKILL, not by the server: mostly the "
                                        "kernel does that for want of memory";
    ck_assert_str_eq(described(SIGKILL), expected);
    ck_assert_int_eq(end_of_worker.signal, SIGKILL);
    shared.rss = 5000000;
    ck_assert_ptr_nonnull(strstr(described(SIGKILL), "memory; it had 4882 KiB"));
    a_link.process.peak_kb = 10; /* before its exec it had as much: ours */
    ck_assert_ptr_nonnull(strstr(described(SIGKILL), "memory; it had 4882 KiB"));
    a_link.process.peak_kb = (uint64_t)1 << 40;
    ck_assert_ptr_nonnull(strstr(described(SIGKILL), "memory; it had 1099511627776 KiB"));
    turns(LINK_KILLED);
    ck_assert_str_eq(described(SIGKILL), "it was ended by SIGKILL");
}
END_TEST

START_TEST(test_reason)
{
    snprintf(a_link.why, sizeof a_link.why, "it broke its protocol: ready twice");
    turns(LINK_KILLED);
    ck_assert_str_eq(described(SIGKILL),
                     "it broke its protocol: ready twice; it was ended by SIGKILL");
}
END_TEST

START_TEST(test_late)
{
    turns(LINK_RETIRING);
    ck_assert_str_eq(described(exited(0)), "it exited with status 0");
    turns(LINK_KILLED);
    ck_assert_str_eq(described(SIGKILL),
                     "it was told to end and did not in time: it was ended by SIGKILL");
}
END_TEST

/* Without a job, the shared memory tells of a module's code that ran. */
START_TEST(test_place)
{
    a_link.been = 1u << LINK_STARTED | 1u << LINK_AUTHENTICATED;
    strcpy(shared.preloading, "echo");
    ck_assert_str_eq(described(SIGSEGV), "it was ended by SIGSEGV while it preloaded module echo");
    turns(LINK_READY);
    ck_assert_str_eq(described(SIGSEGV), "it was ended by SIGSEGV");
    strcpy(shared.ending, "fib");
    ck_assert_str_eq(described(SIGSEGV), "it was ended by SIGSEGV in the fini() of module fib");
    shared.exiting = 1;
    ck_assert_str_eq(described(exited(1)),
                     "it exited with status 1 at its exit, with module fib loaded");
    ck_assert_str_eq(described(exited(0)), "it exited with status 0");
    *shared.ending = '\0';
    ck_assert_str_eq(described(exited(1)),
                     "it exited with status 1 at its exit, with several modules or none loaded");
}
END_TEST

/* --- the log --- */

/* The lines since the last call, without their times. */
static const char *read_log(void)
{
    static char lines[4096], told[4096];
    ssize_t len = pread(log_fd, lines, sizeof lines - 1, 0);
    ck_assert_int_ge(len, 0);
    lines[len] = '\0';
    *told = '\0';
    for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"))
        strcat(strcat(told, strchr(line, ' ') + 1), "\n");
    ck_assert_int_eq(ftruncate(log_fd, 0), 0);
    ck_assert_int_eq(lseek(log_fd, 0, SEEK_SET), 0);
    return told;
}

static const char *logged(int status)
{
    worker_exit_examine(&a_link, &status, &crash);
    worker_exit_log(&a_link, &status, "WHY", &crash);
    return read_log();
}

#define LOST       "warn worker-lost pool=reports worker=3 pid=77 why="
#define ENDED      " worker-ended pool=reports worker=3 pid=77 reason=reload jobs_done=8 why="
#define GONE       "info worker-ended pool=reports worker=3 pid=77 reason=reload jobs_done=8 module="
#define NOWHERE    "WHY job=\"-\" client=\"-\" module=\"-\"\n"
#define OF_FIB     "WHY job=\"-\" client=\"-\" module=fib\n"
#define IN_JOB     "WHY job=boot-5 client=\"-\" module=echo\n"
#define BEFORE_JOB "\"WHY before it had begun its job\" job=boot-5 client=\"-\" module=\"-\"\n"

START_TEST(test_expected)
{
    ck_assert_str_eq(logged(SIGSEGV), LOST NOWHERE GONE "\"-\"\n");
    worker.state = WORKER_STOPPING;
    ck_assert_str_eq(logged(SIGKILL), "info" ENDED NOWHERE);
    turns(LINK_RETIRING);
    ck_assert_str_eq(logged(exited(0)), "info" ENDED NOWHERE);
    strcpy(shared.ending, "fib");
    ck_assert_str_eq(logged(SIGSEGV), "warn" ENDED OF_FIB);
    a_link.loss_unlogged = true; /* the dispatcher stopped it because it was lost */
    ck_assert_str_eq(logged(SIGSEGV), LOST OF_FIB GONE "fib\n");
    ck_assert(!a_link.loss_unlogged);
}
END_TEST

/* Not reaped: it has not ended, whoever wanted it to. */
START_TEST(test_no_end)
{
    worker.state = WORKER_STOPPING;
    worker_exit_log(&a_link, NULL, "WHY", NULL);
    ck_assert_str_eq(read_log(), LOST NOWHERE);
}
END_TEST

/* The module of an unbegun job has no part in the end. */
START_TEST(test_job)
{
    worker.job = job_new("1", 1, NULL, 0);
    worker.job->asked.module = &module;
    worker.job->seq = 5;
    worker.job->run.tag = (uint8_t)worker_claims_offer(&a_link.process.claims, 5);
    ck_assert_str_eq(logged(SIGSEGV), LOST BEFORE_JOB GONE "\"-\"\n");
    ck_assert(claim_settle(&shared.claims[worker.job->run.tag], 5, CLAIM_BEGUN));
    ck_assert_str_eq(logged(SIGSEGV), LOST IN_JOB GONE "echo\n");
    worker.job->state = JOB_STOPPING;
    worker.signalled = true;
    ck_assert_str_eq(logged(SIGTERM), "info" ENDED IN_JOB);
    ck_assert_str_eq(logged(SIGSEGV), LOST IN_JOB GONE "echo\n");
}
END_TEST

/* The crash counts only if the worker died of it. */
START_TEST(test_crash)
{
    shared.crash = (struct crash_record){.signal = SIGSEGV, .frame_count = 1, .object_count = 1};
    shared.crash.frames[0] = (struct crash_frame){.offset = 0x11a9, .object = 0};
    strcpy(shared.crash.objects[0].path, "/modules/crash.so");
    strcpy(shared.preloading, "fib");
    a_link.been = 1u << LINK_STARTED;
    ck_assert_str_eq(logged(SIGKILL), LOST OF_FIB GONE "fib\n");
    ck_assert_ptr_nonnull(strstr(logged(SIGSEGV), " module=fib fingerprint="));
    ck_assert_ptr_nonnull(strstr(logged(SIGSEGV), " frame=crash.so+0x11a9\n" GONE "fib\n"));
    ck_assert_str_eq(crash.module, "fib");
    ck_assert_uint_eq(crash.job, 0);
    worker_exit_examine(&a_link, NULL, &crash);
    ck_assert(!crash.exists);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exit");
    TCase *tc = tcase_create("sentence");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, test_status);
    tcase_add_test(tc, test_no_status);
    tcase_add_test(tc, test_kill_of_somebody_else);
    tcase_add_test(tc, test_reason);
    tcase_add_test(tc, test_late);
    tcase_add_test(tc, test_place);
    suite_add_tcase(suite, tc);
    tc = tcase_create("log");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, test_expected);
    tcase_add_test(tc, test_no_end);
    tcase_add_test(tc, test_job);
    tcase_add_test(tc, test_crash);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
