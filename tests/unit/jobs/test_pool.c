/* test_pool: the records of workers, and every pair of their states. */
#include "jobs/news.h"
#include "jobs/pool.h"

#include "tests/unit/support.h"

#include <signal.h>

enum { STEPS = 100000, MOST = 40 };

static struct pool pool;
static uint32_t last_id;
static struct news news;
static struct chance chance;

static void setup(void)
{
    pool_init(&pool, &last_id, &news);
}

static void teardown(void)
{
    for (int state = 0; state < WORKER_STATES; state++)
        while (!TAILQ_EMPTY(&pool.lists[state]))
            pool_remove(&pool, TAILQ_FIRST(&pool.lists[state]));
    ck_assert_uint_eq(pool_count(&pool), 0);
}

/* Each state is reached by legal transitions. */
static struct worker *worker_in(enum worker_state state)
{
    struct worker *worker = pool_add(&pool, 1);
    if (state == WORKER_BUSY || state == WORKER_DEAD)
        worker_set_state(worker, WORKER_IDLE, 2);
    if (state != WORKER_STARTING)
        worker_set_state(worker, state, 3);
    return worker;
}

static bool is_a_way(int from, int to)
{
    static const bool ways[WORKER_STATES][WORKER_STATES] = {
        [WORKER_STARTING] =
            {[WORKER_IDLE] = true, [WORKER_RETIRING] = true, [WORKER_STOPPING] = true},
        [WORKER_IDLE] = {[WORKER_BUSY] = true,
                         [WORKER_DEAD] = true,
                         [WORKER_RETIRING] = true,
                         [WORKER_STOPPING] = true},
        [WORKER_BUSY] = {[WORKER_IDLE] = true,
                         [WORKER_DEAD] = true,
                         [WORKER_RETIRING] = true,
                         [WORKER_STOPPING] = true},
        [WORKER_DEAD] = {[WORKER_IDLE] = true, [WORKER_RETIRING] = true, [WORKER_STOPPING] = true},
        [WORKER_RETIRING] = {[WORKER_STOPPING] = true},
        [WORKER_STOPPING] = {false},
    };
    return ways[from][to];
}

START_TEST(test_empty)
{
    ck_assert_uint_eq(pool_count(&pool), 0);
    ck_assert_ptr_null(pool_idle(&pool));
    ck_assert_ptr_null(pool_find(&pool, 1));
}
END_TEST

START_TEST(test_add)
{
    struct worker *worker = pool_add(&pool, 77);
    ck_assert_int_eq(worker->state, WORKER_STARTING);
    ck_assert_uint_eq(worker->id, 1);
    ck_assert_uint_eq(worker->since_us, 77);
    ck_assert_ptr_eq(worker->pool, &pool);
    ck_assert_ptr_null(worker->job);
    ck_assert_int_eq(worker->pid, 0);
    ck_assert(!worker->leaving && !worker->signalled);
    ck_assert_uint_eq(pool_count(&pool), 1);
    ck_assert_uint_eq(pool.counts[WORKER_STARTING], 1);
}
END_TEST

START_TEST(test_ways)
{
    for (int from = 0; from < WORKER_STATES; from++) {
        for (int to = 0; to < WORKER_STATES; to++) {
            if (!is_a_way(from, to))
                continue;
            struct worker *worker = worker_in((enum worker_state)from);
            worker_set_state(worker, (enum worker_state)to, 99);
            ck_assert_int_eq(worker->state, to);
            /* Reports call both states stopping: the time goes on. */
            ck_assert_uint_eq(worker->since_us, from == WORKER_RETIRING ? 3 : 99);
            ck_assert_uint_eq(pool.counts[to], 1);
            ck_assert_ptr_eq(TAILQ_FIRST(&pool.lists[to]), worker);
            ck_assert_uint_eq(pool_count(&pool), 1);
            pool_remove(&pool, worker);
        }
    }
}
END_TEST

/* _i is one of all pairs. Legal pairs abort by themselves, so that each pair is counted. */
START_TEST(test_no_way)
{
    struct worker *worker = worker_in((enum worker_state)(_i / WORKER_STATES));
    hush();
    if (is_a_way(_i / WORKER_STATES, _i % WORKER_STATES))
        abort();
    worker_set_state(worker, (enum worker_state)(_i % WORKER_STATES), 4);
}
END_TEST

START_TEST(test_state_names)
{
    ck_assert_str_eq(worker_state_name(WORKER_STARTING), "starting");
    ck_assert_str_eq(worker_state_name(WORKER_IDLE), "idle");
    ck_assert_str_eq(worker_state_name(WORKER_BUSY), "busy");
    ck_assert_str_eq(worker_state_name(WORKER_STOPPING), "stopping");
    ck_assert_str_eq(worker_state_name(WORKER_RETIRING), "stopping");
}
END_TEST

/* A record may go from any state; a failed start is still STARTING. */
START_TEST(test_remove)
{
    for (int state = 0; state < WORKER_STATES; state++) {
        struct worker *other = worker_in((enum worker_state)state);
        struct worker *worker = worker_in((enum worker_state)state);
        ck_assert_uint_eq(pool.counts[state], 2);
        pool_remove(&pool, worker);
        ck_assert_uint_eq(pool.counts[state], 1);
        pool_remove(&pool, other);
        ck_assert_uint_eq(pool_count(&pool), 0);
    }
}
END_TEST

START_TEST(test_ids_are_never_used_again)
{
    for (uint32_t i = 1; i <= 100; i++) {
        struct worker *worker = pool_add(&pool, 0);
        ck_assert_uint_eq(worker->id, i);
        ck_assert_ptr_eq(pool_find(&pool, i), worker);
        pool_remove(&pool, worker);
        ck_assert_ptr_null(pool_find(&pool, i));
    }
}
END_TEST

/* The last one busy is warm, in whatever order they came. */
START_TEST(test_idle_is_the_warmest)
{
    struct worker *a = worker_in(WORKER_IDLE), *b = worker_in(WORKER_BUSY);
    struct worker *c = worker_in(WORKER_BUSY);
    worker_in(WORKER_STARTING);
    worker_in(WORKER_STOPPING);
    ck_assert_ptr_eq(pool_idle(&pool), a);
    worker_set_state(c, WORKER_IDLE, 5);
    ck_assert_ptr_eq(pool_idle(&pool), c);
    worker_set_state(b, WORKER_IDLE, 6);
    ck_assert_ptr_eq(pool_idle(&pool), b);
    worker_set_state(b, WORKER_BUSY, 7);
    ck_assert_ptr_eq(pool_idle(&pool), c);
    worker_set_state(c, WORKER_STOPPING, 8);
    worker_set_state(a, WORKER_STOPPING, 8);
    ck_assert_ptr_null(pool_idle(&pool));
}
END_TEST

START_TEST(test_printed)
{
    struct module_entry module = {.running = 1};
    struct worker *worker = worker_in(WORKER_BUSY);
    struct job *job = job_new("1", 1, NULL, 0);
    job->asked.module = &module;
    worker_printed(worker, NULL, 5);
    ck_assert_uint_eq(worker->printed_us, 5);
    ck_assert_uint_eq(module.history.printed_us, 0);
    worker_printed(worker, job, 6);
    ck_assert_uint_eq(worker->printed_us, 6);
    ck_assert_uint_eq(module.history.printed_us, 6);
    job_free(job);
}
END_TEST

START_TEST(test_model)
{
    struct worker *workers[MOST] = {NULL};
    uint32_t id = last_id;
    chance_init(&chance, "pool");
    for (int step = 0; step < STEPS; step++) {
        size_t i = chance_below(&chance, MOST), counts[WORKER_STATES] = {0};
        int to = (int)chance_below(&chance, WORKER_STATES);
        if (!workers[i]) {
            workers[i] = pool_add(&pool, (uint64_t)step);
            hot_assert(workers[i]->id == ++id);
        } else if (workers[i]->state == WORKER_STOPPING) {
            pool_remove(&pool, workers[i]);
            workers[i] = NULL;
        } else if (is_a_way(workers[i]->state, to)) {
            worker_set_state(workers[i], (enum worker_state)to, (uint64_t)step);
        }
        for (size_t k = 0; k < MOST; k++) {
            if (workers[k])
                counts[workers[k]->state]++;
        }
        hot_assert(memcmp(counts, pool.counts, sizeof counts) == 0);
        hot_assert(pool_ending(&pool) == counts[WORKER_STOPPING] + counts[WORKER_RETIRING]);
        hot_assert(pool_count(&pool) == counts[WORKER_STARTING] + counts[WORKER_IDLE] +
                                            counts[WORKER_BUSY] + counts[WORKER_DEAD] +
                                            pool_ending(&pool));
        hot_assert((pool_idle(&pool) != NULL) == (counts[WORKER_IDLE] > 0));
        hot_assert(!workers[i] || pool_find(&pool, workers[i]->id) == workers[i]);
    }
}
END_TEST

/* --- our own bugs --- */

START_TEST(test_remove_with_a_job)
{
    struct worker *worker = worker_in(WORKER_BUSY);
    hush();
    worker->job = (struct job *)worker; /* any */
    pool_remove(&pool, worker);
}
END_TEST

START_TEST(test_remove_with_a_prefetched_job)
{
    struct worker *worker = worker_in(WORKER_STOPPING);
    hush();
    worker->prefetched_count = 1;
    pool_remove(&pool, worker);
}
END_TEST

START_TEST(test_remove_with_a_timer)
{
    struct timers timers;
    struct worker *worker = worker_in(WORKER_STOPPING);
    hush();
    timers_init(&timers, 0);
    timer_set(&timers, &worker->timer, 1);
    pool_remove(&pool, worker);
}
END_TEST

START_TEST(test_remove_from_another_pool)
{
    struct pool other;
    pool_init(&other, &last_id, &news);
    hush();
    pool_remove(&other, worker_in(WORKER_STOPPING));
}
END_TEST

/* Dead ones take no place, also on their way to the end, up to as many as there are places. */
START_TEST(test_places)
{
    struct worker *a = worker_in(WORKER_DEAD), *b = worker_in(WORKER_DEAD);
    ck_assert_uint_eq(pool.dead, 2);
    ck_assert_uint_eq(pool_places(&pool, 4), 0);
    ck_assert_uint_eq(pool_places(&pool, 1), 1);
    worker_in(WORKER_BUSY);
    ck_assert_uint_eq(pool_places(&pool, 2), 1);
    worker_set_state(a, WORKER_STOPPING, 9);
    ck_assert_uint_eq(pool_places(&pool, 2), 1);
    worker_set_state(b, WORKER_IDLE, 9); /* alive again */
    ck_assert(!b->dead && a->dead);
    ck_assert_uint_eq(pool_places(&pool, 2), 2);
    pool_remove(&pool, a);
    ck_assert_uint_eq(pool.dead, 0);
    ck_assert_uint_eq(pool_places(&pool, 2), 2);
    ck_assert_uint_eq(pool_count(&pool), 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pool");
    TCase *tc = tcase_create("pool");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_empty);
    tcase_add_test(tc, test_add);
    tcase_add_test(tc, test_places);
    tcase_add_test(tc, test_ways);
    tcase_add_loop_test_raise_signal(tc, test_no_way, SIGABRT, 0, WORKER_STATES * WORKER_STATES);
    tcase_add_test(tc, test_state_names);
    tcase_add_test(tc, test_remove);
    tcase_add_test(tc, test_ids_are_never_used_again);
    tcase_add_test(tc, test_idle_is_the_warmest);
    tcase_add_test(tc, test_printed);
    tcase_add_test(tc, test_model);
    tcase_add_test_raise_signal(tc, test_remove_with_a_job, SIGABRT);
    tcase_add_test_raise_signal(tc, test_remove_with_a_prefetched_job, SIGABRT);
    tcase_add_test_raise_signal(tc, test_remove_with_a_timer, SIGABRT);
    tcase_add_test_raise_signal(tc, test_remove_from_another_pool, SIGABRT);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
