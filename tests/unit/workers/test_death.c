/* test_death: the two ends of a worker, in either order, and everything crossing them on the way.
 */
#include "workers/death.h"

#include "tests/unit/workers/workers_world.h"

#include <sys/ioctl.h>

/* --- a sleeping worker, with the test in its place --- */

/* The sleeping worker has a job, and has begun it. Returns its socket. */
static int become_busy(size_t size)
{
    int fd = become_idle();
    struct job *job = submit_echo(size);
    ck_assert_uint_eq(pools.first->pool.counts[WORKER_BUSY], 1);
    struct worker_shared *shared = the_link()->process.shared;
    ck_assert(claim_settle(&shared->claims[job->run.tag], job->seq, CLAIM_BEGUN));
    return fd;
}

/* Sends a result of 100 bytes, as far as `len` bytes of it. */
static void send_result(int fd, size_t len)
{
    static const char payload[100] = "result";
    struct wire_head head = {.magic = WIRE_MAGIC, .type = WIRE_DONE, .job = 1, .size = 100};
    ck_assert_int_eq(write(fd, &head, sizeof head), sizeof head);
    ck_assert_int_eq(write(fd, payload, len), (ssize_t)len);
}

static void die(int signo)
{
    kill(the_link()->worker->pid, signo);
    await_death();
}

/* Ends the world, with the worker started as the successor of a lost one. */
static void end(void)
{
    pools_drain(&pools, false);
    close_world();
}

/* --- the process ends first --- */

/* Everything sent before a death counts. */
START_TEST(test_result_before_death)
{
    open_world(SLEEPING_WORKER);
    int fd = become_busy(100);
    send_result(fd, 100);
    die(SIGKILL);
    workers_reap(&workers);
    ck_assert(job_ended && last.type == JOB_DONE);
    assert_logged("why=\"it was ended by SIGKILL, not by the server: ");
    end();
}
END_TEST

/* Half a result is none. */
START_TEST(test_half_a_result_before_death)
{
    open_world(SLEEPING_WORKER);
    send_result(become_busy(100), 50);
    die(SIGSEGV);
    workers_reap(&workers);
    ck_assert(job_ended && last.type == JOB_FAILED && last.fail == FAIL_ERROR);
    ck_assert_int_eq(last.signal, SIGSEGV);
    assert_logged("job=boot-1 client=test module=echo");
    end();
}
END_TEST

/* A death is found at the end of the socket, before its signal is. */
START_TEST(test_death_at_the_end_of_the_socket)
{
    open_world(SLEEPING_WORKER);
    int fd = become_busy(100);
    send_result(fd, 100);
    die(SIGKILL);
    close(fd);
    turn();
    ck_assert(job_ended && last.type == JOB_DONE);
    assert_logged("why=\"it was ended by SIGKILL, not by the server: ");
    end();
}
END_TEST

/* --- the connection ends first --- */

/* The exit status of the process is awaited, and told. */
START_TEST(test_closed_then_dead)
{
    open_world(SLEEPING_WORKER);
    close(become_busy(100));
    turn();
    ck_assert_int_eq(the_link()->state, LINK_CLOSED);
    ck_assert(!job_ended);
    assert_not_logged("worker-lost");
    die(SIGTERM);
    workers_reap(&workers);
    ck_assert(job_ended && last.type == JOB_FAILED && last.signal == SIGTERM);
    assert_logged("why=\"it was ended by SIGTERM\"");
    end();
}
END_TEST

/* An idle worker without a connection is lost at once, so that no job is given to it. The log waits
 * for its exit status. */
START_TEST(test_idle_and_closed)
{
    open_world(SLEEPING_WORKER);
    close(become_idle());
    turn();
    ck_assert_uint_eq(pools.first->pool.counts[WORKER_STOPPING], 1);
    ck_assert(the_link()->state == LINK_CLOSED && the_link()->loss_unlogged);
    assert_not_logged("worker-lost");
    die(SIGTERM);
    workers_reap(&workers);
    assert_logged("worker-lost");
    assert_logged("why=\"it was ended by SIGTERM\"");
    end();
}
END_TEST

/* A worker that does not follow its connection is killed. */
START_TEST(test_closed_then_killed)
{
    open_world(SLEEPING_WORKER);
    close(become_busy(100));
    turn();
    while (the_link()->state == LINK_CLOSED) {
        poll(NULL, 0, 10);
        turn();
    }
    ck_assert_int_eq(the_link()->state, LINK_KILLED);
    ck_assert(job_ended && last.type == JOB_FAILED && last.signal == 0);
    assert_logged("why=\"it closed its connection\" job=boot-1");
    end();
    assert_logged("why=\"it was ended by SIGKILL\"");
}
END_TEST

/* --- other ends --- */

/* The fault is logged, and told with the loss. */
START_TEST(test_broken_protocol)
{
    open_world(SLEEPING_WORKER);
    int fd = become_idle();
    send_result(fd, 100);
    turn();
    ck_assert_int_eq(the_link()->state, LINK_KILLED);
    ck_assert_ptr_null(the_link()->connection);
    assert_logged("error worker-protocol");
    assert_logged("why=\"an answer without a job\"");
    await_death();
    workers_reap(&workers);
    assert_logged(
        "why=\"it broke its protocol: an answer without a job; it was ended by SIGKILL\"");
    end();
}
END_TEST

/* Slots are in the worker's hands, too. */
START_TEST(test_broken_slot)
{
    open_world(SLEEPING_WORKER);
    int fd = become_busy(100);
    struct wire_head head = {.type = WIRE_ANSWERED};
    struct worker_shared *shared = the_link()->process.shared;
    shared->results[0].size = WORKER_RESULT_MAX + 1;
    shared->claims[0] = claim_word(1, CLAIM_ANSWERED);
    send_message(fd, &head, "");
    turn();
    ck_assert_int_eq(the_link()->state, LINK_KILLED);
    assert_logged("why=\"a result beyond its slot\"");
    await_death();
    workers_reap(&workers);
    ck_assert(job_ended && last.type == JOB_FAILED);
    end();
}
END_TEST

/* A worker told to end sees the end of its input. */
START_TEST(test_retiring)
{
    char byte;
    open_world(SLEEPING_WORKER);
    int fd = become_idle();
    pools_drain(&pools, false);
    while (the_link()->state != LINK_RETIRING)
        turn();
    ssize_t n;
    while ((n = recv(fd, &byte, 1, 0)) > 0)
        ;
    ck_assert_int_eq(n, 0);
    close(fd);
    turn();
    ck_assert_int_eq(the_link()->state, LINK_RETIRING); /* this is as it should be */
    die(SIGTERM);
    close_world();
    assert_logged("warn worker-ended"); /* but the status is not 0 */
}
END_TEST

/* --- a real worker --- */

/* An echo has its answer in our socket, unread. */
static void answer_on_the_way(size_t size)
{
    int pending = 0;
    submit_echo(size);
    while (pending <= 0) {
        await_input(worker_fd);
        ck_assert_int_eq(ioctl(worker_fd, FIONREAD, &pending), 0);
    }
}

/* The job of the answer has been ended meanwhile: that is no fault of the worker. The answer is
 * read in the loop's turn, or after the worker's death. */
START_TEST(test_an_answer_crosses_an_abort)
{
    open_world(REAL_WORKER);
    answer_on_the_way(_i & 1 ? 10 : 100000);
    pools_drain(&pools, false);
    pools_abort(&pools);
    ck_assert(job_ended && last.type == JOB_FAILED && last.fail == FAIL_SHUTDOWN);
    if (_i & 2)
        turn();
    close_world();
    assert_not_logged(" error ");
    assert_logged("SIGKILL");
}
END_TEST

/* If the job has not been ended yet, the answer is its end. */
START_TEST(test_an_answer_crosses_a_kill)
{
    open_world(REAL_WORKER);
    answer_on_the_way(_i & 1 ? 10 : 100000);
    pools_drain(&pools, false);
    dispatcher_cancel(pools_find(&pools, 1), true);
    ck_assert(!job_ended);
    if (_i & 2)
        turn();
    close_world();
    ck_assert(job_ended);
    ck_assert(last.type == JOB_DONE || !(_i & 1)); /* half a large one is none */
    assert_not_logged(" error ");
}
END_TEST

/* Many children die together: each turn reaps some, from one call on. */
START_TEST(test_many_deaths)
{
    pid_t pids[100];
    size_t left = SUPPORT_COUNT(pids), turns = 0;
    open_world(REAL_WORKER);
    for (size_t i = 0; i < SUPPORT_COUNT(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            _exit(0);
        siginfo_t info;
        ck_assert_int_eq(waitid(P_PID, (id_t)pids[i], &info, WEXITED | WNOWAIT), 0);
    }
    for (workers_reap(&workers); left; turns++) {
        size_t before = left;
        left = 0;
        for (size_t i = 0; i < SUPPORT_COUNT(pids); i++)
            left += kill(pids[i], 0) == 0;
        ck_assert_uint_lt(left, before);
        if (turns == 0)
            ck_assert_uint_gt(left, SUPPORT_COUNT(pids) / 2);
        turn();
    }
    ck_assert_uint_gt(turns, 2);
    pools_drain(&pools, false);
    close_world();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("death");
    TCase *tc = tcase_create("the process first");
    tcase_add_test(tc, test_result_before_death);
    tcase_add_test(tc, test_half_a_result_before_death);
    tcase_add_test(tc, test_death_at_the_end_of_the_socket);
    suite_add_tcase(suite, tc);
    tc = tcase_create("the connection first");
    tcase_add_test(tc, test_closed_then_dead);
    tcase_add_test(tc, test_idle_and_closed);
    tcase_add_test(tc, test_closed_then_killed);
    suite_add_tcase(suite, tc);
    tc = tcase_create("other ends");
    tcase_add_test(tc, test_broken_protocol);
    tcase_add_test(tc, test_broken_slot);
    tcase_add_test(tc, test_retiring);
    suite_add_tcase(suite, tc);
    tc = tcase_create("crossing");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_an_answer_crosses_an_abort, 0, 4);
    tcase_add_loop_test(tc, test_an_answer_crosses_a_kill, 0, 4);
    tcase_add_test(tc, test_many_deaths);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
