/* test_claims: claim words and their slots (worker_process), and signals to a process that has left
 * its group. */
#include "workers/process.h"

#include "tests/unit/support.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct worker_shared shared;
static struct worker_process proc;

static void set_up(void)
{
    memset(&shared, 0, sizeof shared);
    proc = (struct worker_process){.shared = &shared, .output_fd = -1};
}

static uint64_t word(uint32_t slot)
{
    return shared.claims[slot];
}

/* However many others come and go, the slot of a job that the worker has stays its own. */
START_TEST(test_held)
{
    uint32_t begun = worker_process_offer(&proc, 1), waiting = worker_process_offer(&proc, 2),
             answered = worker_process_offer(&proc, 3);
    ck_assert(claim_settle(&shared.claims[begun], 1, CLAIM_BEGUN));
    shared.claims[answered] = claim_word(3, CLAIM_ANSWERED);
    for (uint64_t job = 4; job < 4 + 10 * WORKER_CLAIMS; job++) {
        uint32_t slot = worker_process_offer(&proc, job);
        ck_assert_uint_lt(slot, WORKER_CLAIMS);
        ck_assert_uint_eq(word(slot), claim_word(job, CLAIM_OFFERED));
        ck_assert(worker_process_reclaim(&proc, slot, job));
    }
    ck_assert_uint_eq(word(begun), claim_word(1, CLAIM_BEGUN));
    ck_assert_uint_eq(word(waiting), claim_word(2, CLAIM_OFFERED));
    ck_assert_uint_eq(word(answered), claim_word(3, CLAIM_ANSWERED));
    ck_assert(!worker_process_reclaim(&proc, begun, 1));
}
END_TEST

/* Answered, it is anybody's again; and all are in use before one is used twice. */
START_TEST(test_released)
{
    for (uint64_t job = 1; job <= WORKER_CLAIMS; job++)
        ck_assert_uint_eq(worker_process_offer(&proc, job), job - 1);
    worker_process_release(&proc, 17);
    ck_assert_uint_eq(worker_process_offer(&proc, 100), 17);
    worker_process_release(&proc, 3);
    worker_process_release(&proc, 40);
    ck_assert_uint_eq(worker_process_offer(&proc, 101), 40);
    ck_assert_uint_eq(worker_process_offer(&proc, 102), 3);
}
END_TEST

/* It may have left its process group, as any program may. */
START_TEST(test_signal_out_of_group)
{
    int ready[2], status;
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t group = getpgrp();
    proc.pid = fork();
    if (proc.pid == 0) {
        signal(SIGTERM, SIG_DFL); /* the test framework has a handler for it */
        setpgid(0, 0);
        setpgid(0, group);
        if (write(ready[1], "", 1) == 1)
            for (;;)
                pause();
        _exit(1);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    worker_process_signal(&proc, _i == 0 ? SIGTERM : SIGKILL);
    ck_assert_int_eq(waitpid(proc.pid, &status, 0), proc.pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == (_i == 0 ? SIGTERM : SIGKILL));
    close(ready[0]);
    close(ready[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("claims");
    TCase *tc = tcase_create("claims and signals");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, test_held);
    tcase_add_test(tc, test_released);
    tcase_add_loop_test(tc, test_signal_out_of_group, 0, 2);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
