/* The worker's end with its master. */
#include "tests/unit/suite.h"
#include "tests/unit/worker/one_worker.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

/* The worker's occupations at its master's death. Each function waits until the worker is busy with
 * it. */
static void be_idle(void)
{
}

static void be_stopped(void)
{
    int status;

    kill(master.pid, SIGSTOP);
    ck_assert_int_eq(waitpid(master.pid, &status, WUNTRACED), master.pid);
    ck_assert(WIFSTOPPED(status));
}

/* Waits for processor time used by the worker: only the endless loop needs so much. */
static void await_loop(void)
{
    unsigned long ticks = 0;

    while (ticks < 20) {
        char *stat = read_proc(master.pid, "stat");
        ck_assert_int_eq(
            sscanf(strrchr(stat, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu", &ticks),
            1);
        free(stat);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

static void be_looping(void)
{
    fake_master_run(&master, 1, "crash", "loop", strlen("loop"));
    await_loop();
}

static void be_looping_deaf(void)
{
    fake_master_run(&master, 1, "crash", "loop-term", strlen("loop-term"));
    await_loop();
}

/* The worker loses its death signal and blocks all signals. */
static void become(const char *command)
{
    fake_master_run(&master, 1, "leave", command, strlen(command));
    await_loop();
}

static void be_of_another_group(void)
{
    become("become egid");
}

static void be_another_user(void)
{
    become("become uid");
}

static void be_another_user_stopped(void)
{
    be_another_user();
    be_stopped();
}

static void (*const pastimes[])(void) = {be_idle,
                                         be_stopped,
                                         be_looping,
                                         be_looping_deaf,
                                         be_of_another_group,
                                         be_another_user,
                                         be_another_user_stopped};

/* The master is a process of its own here, so that it can be killed. */
START_TEST(it_is_gone_within_a_second_of_its_master)
{
    int told[2];
    pid_t worker;

    if (_i >= 4 && geteuid() != 0)
        return;

    /* This process must reap the worker, not process 1. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    ck_assert_int_eq(pipe(told), 0);
    pid_t doomed = fork();
    ck_assert_int_ge(doomed, 0);
    if (doomed == 0) {
        if (_i < 4)
            start_worker();
        else
            start_with_test_modules("");
        pastimes[_i]();
        ck_assert_int_eq(write(told[1], &master.pid, sizeof(master.pid)), sizeof(master.pid));
        for (;;)
            pause();
    }
    close(told[1]);
    ck_assert_int_eq(read(told[0], &worker, sizeof(worker)), sizeof(worker));
    close(told[0]);
    int worker_fd = pidfd_open(worker, 0);
    ck_assert_int_ge(worker_fd, 0);
    ck_assert(!ended_within(worker_fd, 0));
    ck_assert_int_eq(kill(doomed, SIGKILL), 0);
    ck_assert(ended_within(worker_fd, 1000));
    ck_assert_int_eq(waitpid(doomed, NULL, 0), doomed);
    ck_assert_int_eq(waitpid(worker, NULL, 0), worker);
    close(worker_fd);
}
END_TEST

START_TEST(it_does_not_outlive_a_master_that_died_meanwhile)
{
    int life[2];
    int status;
    char *path = build_path("taskmaster-worker");

    ck_assert_int_eq(pipe(life), 0);
    close(life[1]); /* like the death of the only writer */
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        dup2(life[0], WORKER_LIFE_FD);
        execl(path, "taskmaster-worker", (char *)NULL);
        _exit(99);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EX_UNAVAILABLE);
    close(life[0]);
    free(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker follow master");
    TCase *tc = tcase_create("follow_master");

    tcase_set_timeout(tc, TEST_TIMEOUT_S);
    tcase_add_loop_test(tc, it_is_gone_within_a_second_of_its_master, 0,
                        sizeof(pastimes) / sizeof(pastimes[0]));
    tcase_add_test(tc, it_does_not_outlive_a_master_that_died_meanwhile);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
