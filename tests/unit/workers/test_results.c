/* test_results: answers of a worker, by messages and in slots, and the search for silent ones. */
#include "workers/results.h"

#include "tests/unit/workers/workers_world.h"

enum { JOBS = 10, WINDOW = 5 };

static int worker_end;

/* The worker has a job, the others wait. After its first answer it prefetches. */
static void open_busy_world(void)
{
    open_world(SLEEPING_WORKER);
    pools.first->limits.worker_window = WINDOW;
    pools.first->limits.job_max = JOBS;
    worker_end = become_idle();
    for (int i = 0; i < JOBS; i++)
        submit_echo(10);
}

static void close_busy_world(void)
{
    pools_drain(&pools, false);
    pools_abort(&pools);
    close_world();
}

static struct worker *the_worker(void)
{
    return the_link()->worker;
}

/* The worker leaves a result in the slot of the job. */
static void leave_result(const struct job *job, const char *text)
{
    struct worker_shared *shared = the_link()->process.shared;
    struct worker_result *result = &shared->results[job->run.tag];
    result->run_us = 1; /* a busy machine makes no long job of it */
    result->size = (uint32_t)strlen(text);
    memcpy(result->data, text, result->size);
    shared->claims[job->run.tag] = claim_word(job->seq, CLAIM_ANSWERED);
}

static void say_answered(void)
{
    struct wire_head head = {.type = WIRE_ANSWERED};
    send_message(worker_end, &head, "");
    turn();
}

/* The worker has answered its first job, and prefetched others. */
static void answer_first(void)
{
    leave_result(the_worker()->job, "one");
    say_answered();
    ck_assert_uint_eq(jobs_ended, 1);
    ck_assert_uint_eq(the_worker()->prefetched_count, WINDOW - 1);
}

START_TEST(test_message)
{
    struct wire_head head = {.type = WIRE_DONE, .job = 1, .size = 3, .time_us = 7};
    open_busy_world();
    send_message(worker_end, &head, "one");
    turn();
    ck_assert(jobs_ended == 1 && last.type == JOB_DONE && last_seq == 1);
    ck_assert_uint_eq(the_worker()->last_run_us, 7);
    close_busy_world();
}
END_TEST

/* The text of a failure is its message, and the name its code; details follow. */
START_TEST(test_failure)
{
    struct wire_head head = {.magic = WIRE_MAGIC, .type = WIRE_FAILED, .kind = WIRE_KIND_MODULE};
    open_busy_world();
    head.job = 1;
    head.text_len = 3;
    head.size = 5;
    strcpy(head.name, "oops");
    ck_assert_int_eq(write(worker_end, &head, sizeof head), sizeof head);
    ck_assert_int_eq(write(worker_end, "bad[1,2]", 8), 8);
    turn();
    ck_assert(jobs_ended == 1 && last.type == JOB_FAILED && last.fail == FAIL_MODULE);
    ck_assert_uint_eq(last.message_len, 3);
    ck_assert_ptr_nonnull(last.payload);
    close_busy_world();
}
END_TEST

/* One message tells of several results. They are taken in the order of the jobs, up to a gap. */
START_TEST(test_slots)
{
    open_busy_world();
    answer_first();
    const struct job *second = the_worker()->job, *third = TAILQ_FIRST(&the_worker()->prefetched),
                     *fourth = TAILQ_NEXT(third, links.waiting),
                     *fifth = TAILQ_NEXT(fourth, links.waiting);
    leave_result(fifth, "five");
    leave_result(third, "three");
    leave_result(second, "");
    say_answered();
    ck_assert_uint_eq(jobs_ended, 3);
    ck_assert_ptr_eq(the_worker()->job, fourth);
    leave_result(fourth, "four");
    say_answered();
    ck_assert(jobs_ended == 5 && last_seq == 5);
    close_busy_world();
}
END_TEST

/* Results without a message are found by looking. A worker without results keeps its job alone. */
START_TEST(test_silence)
{
    open_busy_world();
    answer_first();
    leave_result(the_worker()->job, "two");
    leave_result(TAILQ_FIRST(&the_worker()->prefetched), "three");
    while (jobs_ended < 3) {
        poll(NULL, 0, 1);
        turn();
    }
    ck_assert_uint_eq(last_seq, 3);
    while (the_worker()->prefetched_count) {
        poll(NULL, 0, 1);
        turn();
    }
    ck_assert_uint_eq(the_worker()->job->seq, 4);
    ck_assert_uint_gt(the_link()->peek_ms, 4);
    close_busy_world();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("results");
    TCase *tc = tcase_create("results");
    tcase_add_test(tc, test_message);
    tcase_add_test(tc, test_failure);
    tcase_add_test(tc, test_slots);
    tcase_add_test(tc, test_silence);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
