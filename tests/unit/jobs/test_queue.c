/* test_queue: jobs and the line they wait in: their states, their sources, first in and first out.
 */
#include "jobs/queue.h"

#include "tests/unit/support.h"

#include <signal.h>

enum { MANY = 5000, STEPS = 100000, STATES = JOB_ENDED + 1 };

static struct job_queue queue;
static struct job *jobs[MANY];
static struct chance chance;

static void setup(void)
{
    job_queue_init(&queue);
}

static struct job *new_job(void)
{
    return job_new("1", 1, NULL, 0);
}

static void end(struct job *job)
{
    job_set_state(job, JOB_ENDED);
    job_free(job);
}

/* --- jobs --- */

START_TEST(test_job_texts)
{
    struct job *job = job_new("\"a1\"", 4, "{\"user\":7}", 10);
    ck_assert_uint_eq(job->asked.id_len, 4);
    ck_assert_mem_eq(job_id(job), "\"a1\"", 4);
    ck_assert_uint_eq(job->asked.context_len, 10);
    ck_assert_mem_eq(job_context(job), "{\"user\":7}", 10);
    ck_assert_int_eq(job->state, JOB_NEW);
    ck_assert_ptr_null(job->asked.payload);
    ck_assert_ptr_null(job->source);
    ck_assert_uint_eq(job->seq, 0);
    job_free(job); /* a new one may go without having been submitted */
}
END_TEST

START_TEST(test_job_owns_its_payload)
{
    struct payload_budget budget = {.max = 100};
    struct job *job = new_job();
    job->asked.payload = payload_from(&budget, "30", 2);
    job_free(job);
    ck_assert_uint_eq(budget.held, 0);
}
END_TEST

/* By a way that exists to each state. */
static void bring_to(struct job *job, enum job_state state)
{
    if (state == JOB_NEW)
        return;
    if (state == JOB_STOPPING)
        job_set_state(job, JOB_RUNNING);
    job_set_state(job, state);
}

static bool is_a_way(int from, int to)
{
    static const bool ways[STATES][STATES] = {
        [JOB_NEW] = {[JOB_WAITING] = true, [JOB_RUNNING] = true, [JOB_ENDED] = true},
        [JOB_WAITING] = {[JOB_RUNNING] = true, [JOB_ENDED] = true},
        /* Back: its worker was lost before it began the job. */
        [JOB_RUNNING] = {[JOB_WAITING] = true, [JOB_STOPPING] = true, [JOB_ENDED] = true},
        [JOB_STOPPING] = {[JOB_ENDED] = true},
    };
    return ways[from][to];
}

START_TEST(test_job_ways)
{
    for (int from = 0; from < STATES; from++) {
        for (int to = 0; to < STATES; to++) {
            if (!is_a_way(from, to))
                continue;
            struct job *job = new_job();
            bring_to(job, (enum job_state)from);
            job_set_state(job, (enum job_state)to);
            ck_assert_int_eq(job->state, to);
            ck_assert_int_eq(job_is_assigned(job), to == JOB_RUNNING || to == JOB_STOPPING);
            if (to != JOB_ENDED)
                job_set_state(job, JOB_ENDED);
            job_free(job);
        }
    }
}
END_TEST

/* _i is one of all pairs; a pair that is a way aborts by itself, so that each is counted. */
START_TEST(test_job_no_way)
{
    struct job *job = new_job();
    hush();
    bring_to(job, (enum job_state)(_i / STATES));
    if (is_a_way(_i / STATES, _i % STATES))
        abort();
    job_set_state(job, (enum job_state)(_i % STATES));
}
END_TEST

/* Each of the protocol's names, once. */
START_TEST(test_names)
{
    static const char *const failed[FAIL_REASONS] = {
        "error",          "module",      "timeout",   "cancelled",
        "unknown-module", "unavailable", "too-large", "shutdown",
    };
    static const char *const overload[OVERLOAD_REASONS] = {"memory", "client-quota", "queue-full"};
    static const char *const state[STATES] = {"new", "waiting", "running", "stopping", "ended"};
    static const char *const step[] = {"none", "stop-flag", "sigterm", "sigkill"};
    for (int i = 0; i < FAIL_REASONS; i++)
        ck_assert_str_eq(fail_reason_name((enum fail_reason)i), failed[i]);
    for (int i = 0; i < OVERLOAD_REASONS; i++)
        ck_assert_str_eq(overload_reason_name((enum overload_reason)i), overload[i]);
    for (int i = 0; i < STATES; i++)
        ck_assert_str_eq(job_state_name((enum job_state)i), state[i]);
    for (int i = 0; i <= STOP_SIGKILL; i++)
        ck_assert_str_eq(stop_step_name((enum stop_step)i), step[i]);
}
END_TEST

START_TEST(test_free_waiting)
{
    struct job *job = new_job();
    hush();
    job_queue_put(&queue, job);
    job_free(job);
}
END_TEST

/* --- sources --- */

static unsigned left_count;
static struct job *left_job;

static void left(struct job_source *source, struct job *job)
{
    (void)source;
    left_count++;
    left_job = job;
}

START_TEST(test_source)
{
    struct job_source one = {.left = left}, other = {.left = left};
    struct job *a = new_job(), *b = new_job();
    LIST_INIT(&one.jobs);
    LIST_INIT(&other.jobs);
    job_set_source(a, &one);
    job_set_source(b, &one);
    ck_assert_uint_eq(one.job_count, 2);
    ck_assert_uint_eq(left_count, 0);
    job_set_source(a, &other); /* from one to another */
    ck_assert_uint_eq(left_count, 1);
    ck_assert_ptr_eq(left_job, a);
    ck_assert_uint_eq(one.job_count, 1);
    ck_assert_uint_eq(other.job_count, 1);
    ck_assert_ptr_eq(LIST_FIRST(&one.jobs), b);
    job_set_source(b, NULL);
    ck_assert_ptr_eq(left_job, b);
    ck_assert_ptr_null(b->source);
    ck_assert(LIST_EMPTY(&one.jobs));
    job_set_source(b, NULL); /* it has none already */
    ck_assert_uint_eq(left_count, 2);
    job_set_source(a, NULL);
    job_free(a);
    job_free(b);
}
END_TEST

START_TEST(test_free_with_source)
{
    struct job_source source = {.left = left};
    struct job *job = new_job();
    LIST_INIT(&source.jobs);
    hush();
    job_set_source(job, &source);
    job_free(job);
}
END_TEST

/* --- the line --- */

START_TEST(test_empty)
{
    ck_assert_ptr_null(job_queue_take(&queue));
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
        ck_assert_ptr_eq(job_queue_take(&queue), jobs[i]);
        ck_assert_uint_eq(job_queue_count(&queue), 4 - i);
        end(jobs[i]);
    }
    ck_assert_ptr_null(job_queue_take(&queue));
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
    ck_assert_ptr_eq(job_queue_take(&queue), jobs[0]);
    end(jobs[0]);
}
END_TEST

static void put_numbered(size_t i)
{
    jobs[i] = new_job();
    jobs[i]->seq = i + 1;
    job_queue_put(&queue, jobs[i]);
}

/* Jobs that were given to a worker and not begun come back to their places: to the head, into the
 * middle, to the end, from both states. */
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
        ck_assert_ptr_eq(job_queue_take(&queue), jobs[i]);
        end(jobs[i]);
    }
    ck_assert_ptr_null(job_queue_take(&queue));
}
END_TEST

/* Where one came back is where the next is looked for, also when that has left again. */
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
        ck_assert_ptr_eq(job_queue_take(&queue), jobs[i]);
        end(jobs[i]);
    }
}
END_TEST

START_TEST(test_return_to_an_empty_line)
{
    put_numbered(0);
    job_queue_take(&queue);
    job_queue_return(&queue, jobs[0]);
    ck_assert_ptr_eq(job_queue_take(&queue), jobs[0]);
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
    ck_assert_ptr_eq(job_queue_take(&queue), line[0]);
    end(line[0]);
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
            hot_assert(job_queue_take(&queue) == first);
            count -= first != NULL;
            if (first)
                end(first);
        }
        hot_assert(job_queue_count(&queue) == count);
        hot_assert(queue.max_seen == most);
    }
    while (job_queue_first(&queue))
        end(job_queue_take(&queue));
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
    TCase *tc = tcase_create("jobs");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_job_texts);
    tcase_add_test(tc, test_job_owns_its_payload);
    tcase_add_test(tc, test_job_ways);
    tcase_add_loop_test_raise_signal(tc, test_job_no_way, SIGABRT, 0, STATES * STATES);
    tcase_add_test(tc, test_names);
    tcase_add_test_raise_signal(tc, test_free_waiting, SIGABRT);
    tcase_add_test(tc, test_source);
    tcase_add_test_raise_signal(tc, test_free_with_source, SIGABRT);
    suite_add_tcase(suite, tc);
    tc = tcase_create("line");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_empty);
    tcase_add_test(tc, test_first_in_first_out);
    tcase_add_test(tc, test_remove);
    tcase_add_test(tc, test_return);
    tcase_add_test(tc, test_return_beside_another);
    tcase_add_test(tc, test_return_to_an_empty_line);
    tcase_add_test(tc, test_remove_from_a_long_line);
    tcase_add_test(tc, test_model);
    tcase_add_test_raise_signal(tc, test_put_twice, SIGABRT);
    tcase_add_test_raise_signal(tc, test_remove_running, SIGABRT);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
