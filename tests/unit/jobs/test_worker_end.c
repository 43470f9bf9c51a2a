/* test_worker_end: why a worker ends, and who is counted as being recycled. */
#include "jobs/worker_end.h"

#include "jobs/news.h"
#include "jobs/pool.h"
#include "tests/unit/support.h"

static struct pool pool;
static uint32_t last_id;
static struct news news;
static struct worker *worker;

static void setup(void)
{
    pool_init(&pool, &last_id, &news);
    worker = pool_add(&pool, 5);
    worker_set_state(worker, WORKER_IDLE, 6);
}

static void teardown(void)
{
    pool_remove(&pool, worker);
    ck_assert_uint_eq(pool.due + pool.recycling, 0);
}

/* The words of the protocol. */
START_TEST(test_names)
{
    static const char *const names[WORKER_ENDS] = {
        NULL,     "max-jobs", "max-rss", "reload", "recycle", "refused", "idle",
        "resize", "drain",    "dead",    "killed", "signal",  "exit",
    };
    for (int end = 0; end < WORKER_ENDS; end++)
        ck_assert_pstr_eq(worker_end_name((enum worker_end)end), names[end]);
}
END_TEST

/* Each pair of reasons of a serving worker: the more urgent one counts, or the first. */
static bool replaces(enum worker_end first, enum worker_end then)
{
    if (worker_end_is_recycling(first))
        return !worker_end_is_recycling(then);
    return first == END_UNDECIDED || (worker_end_is_wish(first) && !worker_end_is_wish(then));
}

START_TEST(test_pairs)
{
    enum worker_end first = (enum worker_end)(_i / WORKER_ENDS),
                    then = (enum worker_end)(_i % WORKER_ENDS);
    if (!then)
        return;
    worker_decide_end(worker, first);
    worker_decide_end(worker, then);
    ck_assert_int_eq(worker->end, replaces(first, then) ? then : first);
    ck_assert_uint_eq(pool.due, worker_end_is_recycling(worker->end));
    ck_assert_uint_eq(pool.recycling, 0);
}
END_TEST

/* Once it is about to go, the reason stays. */
START_TEST(test_pairs_of_one_about_to_go)
{
    enum worker_end first = (enum worker_end)(_i / WORKER_ENDS),
                    then = (enum worker_end)(_i % WORKER_ENDS);
    worker_decide_end(worker, first);
    worker_set_state(worker, WORKER_RETIRING, 7);
    worker_decide_end(worker, then);
    ck_assert_int_eq(worker->end, first ? first : then);
    ck_assert_uint_eq(pool.due, 0);
    ck_assert_uint_eq(pool.recycling, worker_end_is_recycling(worker->end));
    worker_set_state(worker, WORKER_STOPPING, 8);
    ck_assert_uint_eq(pool.recycling, worker_end_is_recycling(worker->end));
}
END_TEST

/* Without its connection it ends by itself, whatever was wished. */
START_TEST(test_cut_off)
{
    worker_decide_end(worker, END_RECYCLE);
    worker_set_state(worker, WORKER_BUSY, 7);
    ck_assert_uint_eq(pool.due, 1);
    worker_cut_off(worker);
    ck_assert(worker->leaving);
    ck_assert_int_eq(worker->end, END_UNDECIDED);
    ck_assert_uint_eq(pool.due, 0);
    worker_decide_end(worker, END_RELOAD);
    worker_set_state(worker, WORKER_STOPPING, 8);
    worker_cut_off(worker);
    ck_assert_int_eq(worker->end, END_RELOAD); /* told to end, it closes its connection */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("worker_end");
    TCase *tc = tcase_create("worker_end");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_names);
    tcase_add_loop_test(tc, test_pairs, 0, WORKER_ENDS * WORKER_ENDS);
    tcase_add_loop_test(tc, test_pairs_of_one_about_to_go, 0, WORKER_ENDS * WORKER_ENDS);
    tcase_add_test(tc, test_cut_off);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
