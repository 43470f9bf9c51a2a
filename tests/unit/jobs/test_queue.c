/* test_queue: the line of waiting jobs: first in and first out, and ways back to a place in it. */
#include "jobs/queue.h"

#include "tests/unit/support.h"

#include <signal.h>

enum { MANY = 5000, STEPS = 100000 };

static struct job_queue queue;
static struct job *jobs[MANY];
static struct chance chance;

static void setup(void)
{
    job_queue_init(&queue, 0);
}

static struct job *new_job(void)
{
    return job_new("1", 1, NULL, 0);
}

/* The first leaves the line; NULL if there is none. */
static struct job *take(void)
{
    struct job *job = job_queue_first(&queue);
    if (job)
        job_queue_remove(&queue, job);
    return job;
}

static void end(struct job *job)
{
    job_set_state(job, JOB_ENDED);
    job_free(job);
}

/* --- the line --- */

START_TEST(test_empty)
{
    ck_assert_ptr_null(take());
    ck_assert_ptr_null(job_queue_first(&queue));
    ck_assert_uint_eq(job_queue_count(&queue), 0);
}
END_TEST

START_TEST(test_first_in_first_out)
{
    for (size_t i = 0; i < 5; i++) {
        job_queue_put(&queue, jobs[i] = new_job());
        ck_assert_int_eq(jobs[i]->state, JOB_WAITING);
        ck_assert_uint_eq(job_queue_count(&queue), i + 1);
        ck_assert_ptr_eq(job_queue_first(&queue), jobs[0]);
    }
    for (size_t i = 0; i < 5; i++) {
        ck_assert_ptr_eq(job_queue_first(&queue), jobs[i]);
        ck_assert_ptr_eq(take(), jobs[i]);
        ck_assert_uint_eq(job_queue_count(&queue), 4 - i);
        end(jobs[i]);
    }
    ck_assert_ptr_null(take());
    ck_assert_uint_eq(queue.max_seen, 5);
}
END_TEST

/* From the head, the middle, the end, and as the last one. */
START_TEST(test_remove)
{
    static const size_t leaves[] = {2, 0, 4, 3};
    for (size_t i = 0; i < 5; i++)
        job_queue_put(&queue, jobs[i] = new_job());
    for (size_t i = 0; i < 4; i++) {
        job_queue_remove(&queue, jobs[leaves[i]]);
        end(jobs[leaves[i]]);
        ck_assert_uint_eq(job_queue_count(&queue), 4 - i);
    }
    ck_assert_ptr_eq(job_queue_first(&queue), jobs[1]);
    job_queue_remove(&queue, jobs[1]);
    end(jobs[1]);
    ck_assert_ptr_null(job_queue_first(&queue));
    job_queue_put(&queue, jobs[0] = new_job());
    ck_assert_ptr_eq(take(), jobs[0]);
    end(jobs[0]);
}
END_TEST

static void put_numbered(size_t i)
{
    jobs[i] = new_job();
    jobs[i]->seq = i + 1;
    job_queue_put(&queue, jobs[i]);
}

/* Unbegun jobs come back from a worker to their places: to the head, into the middle, to the end,
 * from both states. */
START_TEST(test_return)
{
    static const size_t leaves[] = {0, 1, 3, 5}, back[] = {3, 5, 1, 0};
    for (size_t i = 0; i < 6; i++)
        put_numbered(i);
    for (size_t i = 0; i < 4; i++)
        job_queue_remove(&queue, jobs[leaves[i]]);
    job_set_state(jobs[1], JOB_RUNNING);
    job_set_state(jobs[5], JOB_RUNNING);
    for (size_t i = 0; i < 4; i++) {
        job_queue_return(&queue, jobs[back[i]]);
        ck_assert_int_eq(jobs[back[i]]->state, JOB_WAITING);
        ck_assert_uint_eq(job_queue_count(&queue), 3 + i);
    }
    for (size_t i = 0; i < 6; i++) {
        ck_assert_ptr_eq(take(), jobs[i]);
        end(jobs[i]);
    }
    ck_assert_ptr_null(take());
}
END_TEST

/* The search for a place begins at the job returned last, or where it was. */
START_TEST(test_return_beside_another)
{
    static const size_t back[] = {2, 4, 6, 0, 8, 4};
    for (size_t i = 0; i < 10; i++)
        put_numbered(i);
    for (size_t i = 0; i < 10; i += 2)
        job_queue_remove(&queue, jobs[i]);
    for (size_t i = 0; i < 6; i++) {
        job_queue_return(&queue, jobs[back[i]]);
        if (i == 1)
            job_queue_remove(&queue, jobs[4]);
    }
    for (size_t i = 0; i < 10; i++) {
        ck_assert_ptr_eq(take(), jobs[i]);
        end(jobs[i]);
    }
}
END_TEST

START_TEST(test_return_to_an_empty_line)
{
    put_numbered(0);
    take();
    job_queue_return(&queue, jobs[0]);
    ck_assert_ptr_eq(take(), jobs[0]);
    end(jobs[0]);
}
END_TEST

/* Out of a long line in any order: a walk for each would not end before the test's time limit. */
START_TEST(test_remove_from_a_long_line)
{
    enum { LONG = 300000 };
    static struct job *line[LONG];
    for (size_t i = 0; i < LONG; i++)
        job_queue_put(&queue, line[i] = new_job());
    ck_assert_uint_eq(queue.max_seen, LONG);
    for (size_t i = LONG - 1; i > 0; i--) {
        size_t k = chance_below(&chance, i + 1);
        struct job *job = line[k];
        line[k] = line[i];
        job_queue_remove(&queue, job);
        end(job);
    }
    ck_assert_ptr_eq(take(), line[0]);
    end(line[0]);
}
END_TEST

/* --- passed jobs --- */

static void left(struct job_source *source, struct job *job)
{
    (void)source, (void)job;
}

static void check_passed(size_t count)
{
    const struct job *job;
    uint64_t before = 0;
    TAILQ_FOREACH (job, &queue.passed_jobs, links.passed) {
        ck_assert_uint_gt(job->seq, before);
        before = job->seq;
        count--;
    }
    ck_assert_uint_eq(count, 0);
}

enum { A_FEW = 30 };

static void put_of(struct job_source *source, size_t i)
{
    jobs[i] = new_job();
    jobs[i]->seq = i + 1;
    job_set_source(jobs[i], source);
    job_queue_put(&queue, jobs[i]);
}

/* Jobs of two held sources, some of them with workers, come back in any order to the one list of
 * all passed jobs. */
static void pass_some(size_t count)
{
    struct job_source held[] = {{.left = left}, {.left = left}}, other = {.left = left};
    size_t away[A_FEW], aways = 0;
    for (size_t i = 0; i < count; i++) {
        put_of(&held[chance_below(&chance, 2)], i);
        if (chance_percent(&chance, 40))
            job_queue_remove(&queue, jobs[away[aways++] = i]);
    }
    put_of(&other, count);
    job_queue_hold(&held[0]);
    job_queue_hold(&held[1]);
    ck_assert_ptr_eq(job_queue_first(&queue), jobs[count]);
    for (check_passed(count - aways); aways; check_passed(count - aways)) {
        size_t *back = &away[chance_below(&chance, aways)];
        job_queue_return(&queue, jobs[*back]);
        *back = away[--aways];
        ck_assert_ptr_eq(job_queue_first(&queue), jobs[count]);
    }
    for (size_t i = 0; i <= count; i++) {
        job_queue_remove(&queue, jobs[i]);
        job_set_source(jobs[i], NULL);
        end(jobs[i]);
    }
}

START_TEST(test_return_among_passed)
{
    chance_init(&chance, "queue");
    for (int n = 0; n < 1000; n++)
        pass_some(chance_below(&chance, A_FEW + 1));
}
END_TEST

START_TEST(test_model)
{
    size_t head = 0, tail = 0, count = 0, most = 0; /* jobs[head..tail) in a ring, NULL: removed */
    chance_init(&chance, "queue");
    for (int step = 0; step < STEPS; step++) {
        if (tail - head < MANY && chance_percent(&chance, step / 10000 % 2 ? 30 : 60)) {
            job_queue_put(&queue, jobs[tail++ % MANY] = new_job());
            most = ++count > most ? count : most;
        } else if (chance_percent(&chance, 50) && tail > head) {
            struct job **slot = &jobs[(head + chance_below(&chance, tail - head)) % MANY];
            if (*slot) {
                job_queue_remove(&queue, *slot);
                end(*slot);
                count--;
            }
            *slot = NULL;
        } else {
            while (head < tail && !jobs[head % MANY])
                head++;
            struct job *first = head < tail ? jobs[head++ % MANY] : NULL;
            hot_assert(job_queue_first(&queue) == first);
            hot_assert(take() == first);
            count -= first != NULL;
            if (first)
                end(first);
        }
        hot_assert(job_queue_count(&queue) == count);
        hot_assert(queue.max_seen == most);
    }
    while (job_queue_first(&queue))
        end(take());
}
END_TEST

/* --- our own bugs --- */

START_TEST(test_put_twice)
{
    struct job *job = new_job();
    hush();
    job_queue_put(&queue, job);
    job_queue_put(&queue, job);
}
END_TEST

START_TEST(test_remove_running)
{
    struct job *job = new_job();
    hush();
    job_set_state(job, JOB_RUNNING);
    job_queue_remove(&queue, job);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("queue");
    TCase *tc = tcase_create("line");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_empty);
    tcase_add_test(tc, test_first_in_first_out);
    tcase_add_test(tc, test_remove);
    tcase_add_test(tc, test_return);
    tcase_add_test(tc, test_return_beside_another);
    tcase_add_test(tc, test_return_to_an_empty_line);
    tcase_add_test(tc, test_remove_from_a_long_line);
    tcase_add_test(tc, test_return_among_passed);
    tcase_add_test(tc, test_model);
    tcase_add_test_raise_signal(tc, test_put_twice, SIGABRT);
    tcase_add_test_raise_signal(tc, test_remove_running, SIGABRT);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
