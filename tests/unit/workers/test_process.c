/* test_process: signals to a worker's process, its reaping, and the texts in the shared memory. */
#include "workers/process.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct worker_shared shared;
static struct worker_process process;

static void set_up(void)
{
    memset(&shared, 0, sizeof shared);
    process = (struct worker_process){.shared = &shared, .output_fd = -1};
}

/* A child in a process group of its own, or back in ours with `leaves`. */
static void start_child(bool leaves)
{
    int ready[2];
    char byte;
    pid_t group = getpgrp();
    ck_assert_int_eq(pipe(ready), 0);
    process.pid = fork();
    if (process.pid == 0) {
        signal(SIGTERM, SIG_DFL); /* the test framework has a handler for it */
        setpgid(0, 0);
        if (leaves)
            setpgid(0, group);
        if (write(ready[1], "", 1) == 1)
            for (;;)
                pause();
        _exit(1);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
}

/* A worker may have left its process group, as any program may. */
START_TEST(test_signal_out_of_group)
{
    int status, signo = _i == 0 ? SIGTERM : SIGKILL;
    start_child(true);
    worker_process_signal(&process, signo);
    ck_assert_int_eq(waitpid(process.pid, &status, 0), process.pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == signo);
}
END_TEST

/* After the reaping, the pid can belong to a stranger: no signal is sent there. */
START_TEST(test_reap)
{
    start_child(false);
    ck_assert(worker_process_exists(&process) && !worker_process_is_dead(&process));
    kill(process.pid, SIGTERM);
    siginfo_t info;
    ck_assert_int_eq(waitid(P_PID, (id_t)process.pid, &info, WEXITED | WNOWAIT), 0);
    ck_assert(worker_process_exists(&process) && worker_process_is_dead(&process));
    ck_assert_int_eq(worker_process_next_dead(), process.pid);
    int status = worker_process_reap(&process);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    ck_assert(!worker_process_exists(&process) && !worker_process_is_dead(&process));
    ck_assert_int_eq(worker_process_next_dead(), 0);
    worker_process_signal(&process, SIGKILL); /* pid 0 would be our own group */
}
END_TEST

/* A broken worker can leave anything in the memory: only a valid name is one. */
START_TEST(test_names)
{
    char name[MODULE_NAME_MAX + 1];
    ck_assert(!worker_process_preloading(&process, name));
    strcpy(shared.preloading, "echo");
    ck_assert(worker_process_preloading(&process, name));
    ck_assert_str_eq(name, "echo");
    memset(shared.preloading, 'x', sizeof shared.preloading);
    ck_assert(worker_process_preloading(&process, name)); /* as long as a name can be */
    ck_assert_uint_eq(strlen(name), MODULE_NAME_MAX);
    strcpy(shared.preloading, "../x");
    ck_assert(!worker_process_preloading(&process, name));
}
END_TEST

START_TEST(test_ending)
{
    char name[MODULE_NAME_MAX + 1];
    ck_assert_int_eq(worker_process_ending(&process, name), WORKER_PROCESS_NOT_ENDING);
    strcpy(shared.ending, "echo");
    ck_assert_int_eq(worker_process_ending(&process, name), WORKER_PROCESS_IN_FINI);
    ck_assert_str_eq(name, "echo");
    shared.exiting = 1;
    ck_assert_int_eq(worker_process_ending(&process, name), WORKER_PROCESS_AT_EXIT);
    ck_assert_str_eq(name, "echo");
    strcpy(shared.ending, "\n");
    ck_assert_int_eq(worker_process_ending(&process, name), WORKER_PROCESS_AT_EXIT);
    ck_assert_str_eq(name, "");
}
END_TEST

/* The process's time less the one at the job's beginning, which a broken worker may make up. */
START_TEST(test_usage)
{
    struct job_usage usage;
    process.cpu_us = 1000;
    shared.usage_job = 7;
    shared.usage_cpu_us = 400;
    shared.rss = 8192;
    ck_assert(worker_process_usage(&process, 7, &usage));
    ck_assert_uint_eq(usage.cpu_us, 600);
    ck_assert_uint_eq(usage.worker_rss, 8192);
    ck_assert(!worker_process_usage(&process, 8, &usage));
    shared.usage_cpu_us = 1001;
    ck_assert(!worker_process_usage(&process, 7, &usage));
    shared.usage_cpu_us = 400;
    process.pid = getpid(); /* not reaped */
    ck_assert(!worker_process_usage(&process, 7, &usage));
    process.pid = 0;
}
END_TEST

START_TEST(test_refusal)
{
    char text[WORKER_REFUSAL_MAX];
    ck_assert(!worker_process_refusal(&process, text));
    memset(shared.refusal, 'x', sizeof shared.refusal);
    ck_assert(worker_process_refusal(&process, text));
    ck_assert_uint_eq(strlen(text), WORKER_REFUSAL_MAX - 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("process");
    TCase *tc = tcase_create("signals and reaping");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_loop_test(tc, test_signal_out_of_group, 0, 2);
    tcase_add_test(tc, test_reap);
    suite_add_tcase(suite, tc);
    tc = tcase_create("shared memory");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, test_names);
    tcase_add_test(tc, test_ending);
    tcase_add_test(tc, test_usage);
    tcase_add_test(tc, test_refusal);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
