/* Which signals end the worker program. */
#include "tests/unit/suite.h"
#include "tests/unit/worker/one_worker.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Sends a signal from a process other than the master. */
static void signal_from_outside(int signo)
{
    pid_t stranger = fork();

    ck_assert_int_ge(stranger, 0);
    if (stranger == 0)
        _exit(kill(master.pid, signo) < 0);
    ck_assert_int_eq(waitpid(stranger, NULL, 0), stranger);
}

static const int ending[] = {SIGTERM,   SIGINT,  SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM,
                             SIGVTALRM, SIGPROF, SIGIO,  SIGPWR,  SIGXCPU, SIGXFSZ, SIGSTKFLT};

START_TEST(signals_of_others_do_not_end_it)
{
    start_worker();
    for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
        signal_from_outside(ending[i]);
        assert_done(fake_master_ask(&master, "echo", "idle"), "idle");
    }
    signal_from_outside(SIGRTMIN + 3);
    fake_master_run(&master, 1, "crash", "stop-done", strlen("stop-done"));
    for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
        signal_from_outside(ending[i]);
    fake_master_stop(&master, 1);
    assert_done(fake_master_answer(&master), "late");
    fake_master_finish(&master);
}
END_TEST

static void assert_ended_by(int signo)
{
    int status = fake_master_wait(&master);

    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == signo, "signal %d: status %#x", signo,
                  (unsigned)status);
    fake_master_free(&master);
}

START_TEST(signals_of_its_master_end_it)
{
    start_worker();
    kill(-master.pid, ending[_i]);
    assert_ended_by(ending[_i]);
}
END_TEST

START_TEST(a_module_ends_its_worker_by_a_signal_of_its_own)
{
    char command[16];

    snprintf(command, sizeof(command), "raise %d", ending[_i]);
    start_with_test_modules("");
    fake_master_run(&master, 1, "leave", command, strlen(command));
    assert_ended_by(ending[_i]);
}
END_TEST

START_TEST(a_timer_of_a_module_ends_its_worker)
{
    static const struct {
        const char *command;
        int signo;
    } cases[] = {{"timer real 1 spin", SIGALRM},
                 {"timer virtual 1 spin", SIGVTALRM},
                 {"timer prof 1 spin", SIGPROF}};

    start_with_test_modules("");
    fake_master_run(&master, 1, "leave", cases[_i].command, strlen(cases[_i].command));
    assert_ended_by(cases[_i].signo);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker signals");
    TCase *tc = tcase_create("signals");

    tcase_set_timeout(tc, TEST_TIMEOUT_S);
    tcase_add_test(tc, signals_of_others_do_not_end_it);
    tcase_add_loop_test(tc, signals_of_its_master_end_it, 0, sizeof(ending) / sizeof(ending[0]));
    tcase_add_loop_test(tc, a_module_ends_its_worker_by_a_signal_of_its_own, 0,
                        sizeof(ending) / sizeof(ending[0]));
    tcase_add_loop_test(tc, a_timer_of_a_module_ends_its_worker, 0, 3);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
