/* test_queue_cursor: a cursor keeps its place while jobs join, leave and come back. */
#include "jobs/queue_cursor.h"

#include "jobs/queue.h"
#include "tests/unit/support.h"

enum { JOBS = 8 };

static struct job_queue queue;
static struct job_queue_cursor cursor;
static struct job *jobs[JOBS + 1]; /* by seq, from 1 */

static void put(uint64_t seq)
{
    jobs[seq] = job_new("1", 1, NULL, 0);
    jobs[seq]->seq = seq;
    job_queue_put(&queue, jobs[seq]);
}

static void leave(uint64_t seq)
{
    job_queue_remove(&queue, jobs[seq]);
}

static void setup(void)
{
    job_queue_init(&queue, 0);
    memset(jobs, 0, sizeof jobs);
    cursor = (struct job_queue_cursor){.queue = NULL};
    for (uint64_t seq = 1; seq <= JOBS; seq++)
        put(seq);
    job_queue_cursor_set(&cursor, &queue);
}

static void teardown(void)
{
    job_queue_cursor_clear(&cursor);
    for (uint64_t seq = 1; seq <= JOBS; seq++) {
        if (jobs[seq]->run.place != JOB_NOWHERE)
            leave(seq);
        job_set_state(jobs[seq], JOB_ENDED);
        job_free(jobs[seq]);
    }
    job_queue_free(&queue);
}

/* The next one; 0: none. */
static uint64_t next(void)
{
    const struct job *job = job_queue_cursor_next(&cursor);
    return job ? job->seq : 0;
}

/* Sees so many jobs. */
static void see(size_t count)
{
    while (count-- > 0)
        job_queue_cursor_move(&cursor, job_queue_cursor_next(&cursor));
    job_queue_cursor_pin(&cursor);
}

START_TEST(test_to_the_end)
{
    for (uint64_t seq = 1; seq <= JOBS; seq++) {
        ck_assert_uint_eq(next(), seq);
        see(1);
    }
    ck_assert_uint_eq(next(), 0);
}
END_TEST

START_TEST(test_the_seen_job_leaves)
{
    see(3);
    leave(3);
    ck_assert_uint_eq(next(), 4);
    leave(2);
    leave(4);
    ck_assert_uint_eq(next(), 5);
    leave(1);
    ck_assert_uint_eq(next(), 5);
}
END_TEST

/* It stands before the first one then. */
START_TEST(test_all_leave)
{
    see(JOBS);
    for (uint64_t seq = JOBS; seq > 0; seq--)
        leave(seq);
    ck_assert_uint_eq(next(), 0);
    job_queue_return(&queue, jobs[5]);
    ck_assert_uint_eq(next(), 5);
}
END_TEST

START_TEST(test_a_job_joins_behind_the_last)
{
    leave(JOBS);
    see(JOBS - 1);
    ck_assert_uint_eq(next(), 0);
    job_queue_return(&queue, jobs[JOBS]);
    ck_assert_uint_eq(next(), JOBS);
}
END_TEST

/* Before the cursor it is not met, behind it is. */
START_TEST(test_a_job_comes_back)
{
    leave(2);
    leave(5);
    see(3); /* 1, 3, 4 */
    job_queue_return(&queue, jobs[2]);
    ck_assert_uint_eq(next(), 6);
    job_queue_return(&queue, jobs[5]);
    ck_assert_uint_eq(next(), 5);
}
END_TEST

/* Once nobody stands at it, a job that leaves looks at no cursor. */
START_TEST(test_a_job_is_pinned_while_a_cursor_stands_there)
{
    ck_assert(!jobs[1]->run.pinned);
    see(2);
    ck_assert(!jobs[1]->run.pinned && jobs[2]->run.pinned);
    leave(2);
    ck_assert(jobs[1]->run.pinned && !jobs[2]->run.pinned);
}
END_TEST

START_TEST(test_two_cursors)
{
    struct job_queue_cursor other = {.queue = NULL};
    see(4);
    job_queue_cursor_set(&other, &queue);
    job_queue_cursor_move(&other, jobs[1]);
    job_queue_cursor_pin(&other);
    leave(1);
    leave(4);
    ck_assert_uint_eq(next(), 5);
    ck_assert_uint_eq(job_queue_cursor_next(&other)->seq, 2);
    job_queue_cursor_clear(&other);
    leave(3);
    ck_assert_uint_eq(next(), 5);
}
END_TEST

START_TEST(test_the_line_ends)
{
    see(2);
    for (uint64_t seq = 1; seq <= JOBS; seq++)
        leave(seq);
    job_queue_cursors_end(&queue);
    ck_assert_ptr_null(cursor.queue);
    job_queue_cursor_clear(&cursor); /* does nothing */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("queue_cursor");
    TCase *tc = tcase_create("queue_cursor");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_to_the_end);
    tcase_add_test(tc, test_the_seen_job_leaves);
    tcase_add_test(tc, test_all_leave);
    tcase_add_test(tc, test_a_job_joins_behind_the_last);
    tcase_add_test(tc, test_a_job_comes_back);
    tcase_add_test(tc, test_a_job_is_pinned_while_a_cursor_stands_there);
    tcase_add_test(tc, test_two_cursors);
    tcase_add_test(tc, test_the_line_ends);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
