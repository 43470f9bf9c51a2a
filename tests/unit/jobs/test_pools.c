/* test_pools: several pools beside each other: where jobs go, and what a reload changes. */
#include "jobs/pools.h"

#include "tests/unit/support.h"

#include <signal.h>

/* Workers that do nothing by themselves; sources that count. */

enum { JOBS = 8, POOLS = 4 };

static struct timers timers;
static struct pools pools;
static struct pool_settings entries[POOLS];
static struct job_settings settings;
static struct module_entry modules[POOLS]; /* each of the pool of its number; 0: default */
static struct job_source source;
static unsigned done_count, failed_count, overload_count, terminal;
static char overload_pool[POOL_NAME_MAX + 1];

static int op_start(void *ctx, struct worker *worker)
{
    (void)ctx;
    worker->pid = (pid_t)(1000 + worker->id);
    return 0;
}

static uint8_t op_assign(void *ctx, const struct assignment *assignment)
{
    (void)ctx, (void)assignment;
    return 0;
}

static bool op_reclaim(void *ctx, struct worker *worker, const struct job *job)
{
    (void)ctx, (void)worker, (void)job;
    return false;
}

/* Workers begin their jobs at once. */
static void op_signs(void *ctx, const struct worker *worker, struct worker_signs *signs)
{
    (void)ctx;
    *signs = (struct worker_signs){.begun = worker->job != NULL};
}

static void op_stop_flag(void *ctx, struct worker *worker, const struct job *job,
                         enum stop_reason reason)
{
    (void)ctx, (void)worker, (void)job, (void)reason;
}

static void op_signal(void *ctx, struct worker *worker, int signo)
{
    (void)ctx, (void)worker, (void)signo;
}

static void op_worker(void *ctx, struct worker *worker)
{
    (void)ctx, (void)worker;
}

static const struct dispatcher_ops ops = {
    .start = op_start,
    .assign = op_assign,
    .reclaim = op_reclaim,
    .signs = op_signs,
    .stop_flag = op_stop_flag,
    .signal = op_signal,
    .retire = op_worker,
    .poll = op_worker,
    .forget = op_worker,
};

static void on_event(struct job_source *raw, struct job *job, const struct job_event *event)
{
    (void)raw, (void)job;
    done_count += event->type == JOB_DONE;
    failed_count += event->type == JOB_FAILED;
    overload_count += event->type == JOB_OVERLOAD;
    terminal += event->type >= JOB_DONE;
    if (event->type == JOB_OVERLOAD)
        snprintf(overload_pool, sizeof overload_pool, "%s", event->pool);
}

static void on_left(struct job_source *raw, struct job *job)
{
    (void)raw, (void)job;
}

static struct dispatcher *pool(const char *name)
{
    return pools_named(&pools, name);
}

static void turn(uint64_t ms)
{
    timers_turn(&timers, timers.now_us + ms * 1000);
    timers_run(&timers);
}

static void ready_all(void)
{
    struct dispatcher *d;
    struct worker *worker;
    for (int i = 0; i < 20; i++) {
        POOLS_EACH (d, &pools)
            while ((worker = TAILQ_FIRST(&d->pool.lists[WORKER_STARTING])))
                dispatcher_worker_ready(worker);
        turn(10);
    }
}

/* The workers of all pools that were told to end do so. */
static void reap_all(void)
{
    struct dispatcher *d;
    struct worker *worker;
    POOLS_EACH (d, &pools)
        while ((worker = TAILQ_FIRST(&d->pool.lists[WORKER_STOPPING]))) {
            dispatcher_worker_lost(worker,
                                   &(struct worker_exit){.exited = true, .why = "it ended"});
            dispatcher_worker_reaped(worker);
        }
}

static struct job *submit(int module)
{
    struct job *job = job_new("1", 1, NULL, 0);
    job->asked.module = &modules[module];
    job_set_source(job, &source);
    unsigned before = terminal;
    pools_submit(&pools, job);
    return terminal == before ? job : NULL;
}

static void finish(struct dispatcher *d)
{
    struct worker *worker = TAILQ_FIRST(&d->pool.lists[WORKER_BUSY]);
    ck_assert_ptr_nonnull(worker);
    dispatcher_worker_answered(worker, &(struct worker_answer){.type = JOB_DONE});
}

static void use_pools(size_t count)
{
    settings.pools = (struct option_entries){.items = entries, .count = count};
}

/* As module_table.c does when the settings have changed. */
static void configure(size_t count)
{
    use_pools(count);
    for (int i = 0; i < POOLS; i++) {
        modules[i].pool = NULL;
        modules[i].settings.pool = i && (size_t)i <= count ? entries[i - 1].name : NULL;
    }
    pools_configure(&pools, &settings, true);
}

static void setup(void)
{
    static char names[POOLS][8] = {"a", "b", "c", "d"};
    static char module_names[POOLS][8] = {"echo", "ma", "mb", "mc"};
    quiet_log();
    done_count = failed_count = overload_count = terminal = 0;
    timers_init(&timers, 1000000);
    settings = (struct job_settings){
        .pool = {.pool_start = 1, .pool_max = 2, .job_max = 2, .worker_window = 1},
        .start_timeout_ms = 10000,
        .kill_grace_ms = 1000};
    memset(modules, 0, sizeof modules);
    for (int i = 0; i < POOLS; i++) {
        entries[i] = (struct pool_settings){
            .name = names[i], .pool_max = 1, .job_max = 1, .worker_window = 1};
        modules[i].name = module_names[i];
        modules[i].settings.pool = i ? names[i - 1] : NULL;
    }
    source = (struct job_source){.event = on_event, .left = on_left, .name = "test"};
    LIST_INIT(&source.jobs);
    use_pools(2);
    pools_init(&pools, &ops, NULL, &timers, &settings, 1);
    pools_start(&pools);
    ready_all();
}

static void teardown(void)
{
    pools_drain(&pools, false);
    pools_abort(&pools);
    for (int i = 0; i < 100 && !pools_are_drained(&pools); i++) {
        reap_all();
        turn(10);
    }
    ck_assert(pools_are_drained(&pools));
    ck_assert(pools_source_gone(&pools, &source));
    pools_free(&pools);
    ck_assert_uint_eq(timers.set.count, 0);
    timers_free(&timers);
}

START_TEST(test_each_has_workers_of_its_own)
{
    ck_assert_uint_eq(pools_workers(&pools), 1);
    struct job *job = submit(1);
    ck_assert_ptr_eq(job->run.pool, pool("a"));
    ck_assert_uint_eq(pool("a")->pool.counts[WORKER_STARTING], 1);
    ck_assert_uint_eq(submit(0)->run.pool->pool.counts[WORKER_BUSY], 1);
    ready_all();
    ck_assert_int_eq(job->state, JOB_RUNNING);
    ck_assert_uint_eq(pools.shared.counts.running, 2);
    ck_assert_uint_eq(pool("a")->running, 1);
    ck_assert_ptr_eq(pools_worker(&pools, job->run.worker->id), job->run.worker);
    finish(pool("a"));
    finish(pool("default"));
    ck_assert_uint_eq(done_count, 2);
}
END_TEST

START_TEST(test_one_order_and_one_table)
{
    struct job *jobs[3];
    jobs[0] = submit(1);
    jobs[1] = submit(0);
    jobs[2] = submit(2);
    ready_all();
    for (uint64_t seq = 1; seq <= 3; seq++)
        ck_assert_ptr_eq(pools_find(&pools, seq), jobs[seq - 1]);
    ck_assert_uint_eq(jobs[0]->run.order + jobs[1]->run.order + jobs[2]->run.order, 1 + 2 + 3);
    ck_assert_uint_eq(pools_waiting(&pools), 0);
}
END_TEST

START_TEST(test_each_is_full_for_itself)
{
    submit(1);
    ready_all();
    submit(1);
    ck_assert_ptr_null(submit(1));
    ck_assert_uint_eq(overload_count, 1);
    ck_assert_str_eq(overload_pool, "a");
    ck_assert_ptr_nonnull(submit(2));
    ck_assert_ptr_nonnull(submit(0));
}
END_TEST

START_TEST(test_payloads_of_a_pool)
{
    struct payload_budget budget = {.max = 1000000};
    entries[0].payload_total_max = 1000;
    entries[0].job_max = 10;
    configure(2);
    for (int i = 0; i < 3; i++) {
        struct job *job = job_new("1", 1, NULL, 0);
        char bytes[400] = "x";
        job->asked.module = &modules[1];
        job->asked.payload = payload_from(&budget, bytes, sizeof bytes);
        job_set_source(job, &source);
        pools_submit(&pools, job);
    }
    ck_assert_uint_eq(overload_count, 1);
    ck_assert_uint_eq(pool("a")->bytes, 800);
    ready_all();
    finish(pool("a"));
    ck_assert_uint_eq(pool("a")->bytes, 400);
    finish(pool("a"));
    ck_assert_uint_eq(pool("a")->bytes, 0);
}
END_TEST

/* Its jobs run with its last settings. Then it is gone. */
START_TEST(test_removed)
{
    struct job *running = submit(1), *waiting = submit(1);
    ready_all();
    ck_assert_int_eq(running->state, JOB_RUNNING);
    configure(0);
    ck_assert(pool("a")->removal.removed);
    turn(100);
    reap_all();
    ck_assert_ptr_null(pool("b"));
    ck_assert_ptr_eq(submit(1)->run.pool, pools.first);
    finish(pool("a"));
    ck_assert_uint_eq(pool("a")->limits.pool_max, 1);
    for (int i = 0; i < 50 && waiting->state != JOB_RUNNING; i++) { /* a new worker comes for it */
        reap_all();
        ready_all();
    }
    finish(pool("a"));
    for (int i = 0; i < 50 && pool("a"); i++) {
        turn(10);
        reap_all();
    }
    ck_assert_ptr_null(pool("a"));
    ck_assert_uint_eq(done_count, 2);
}
END_TEST

START_TEST(test_named_again)
{
    submit(1);
    ready_all();
    struct dispatcher *a = pool("a");
    configure(0);
    ck_assert(a->removal.removed);
    configure(1);
    ck_assert_ptr_eq(pool("a"), a);
    ck_assert(!a->removal.removed);
    configure(0); /* and again, and once more */
    configure(0);
    configure(1);
    ck_assert_ptr_eq(submit(1)->run.pool, a);
    finish(a);
}
END_TEST

/* A number is free again once its pool is gone: a line's jobs are told from another's. */
START_TEST(test_numbers)
{
    uint32_t number = pool("b")->line.queue.number;
    configure(0);
    for (int i = 0; i < 50 && pool("b"); i++) {
        turn(10);
        reap_all();
    }
    entries[0].name = entries[2].name;
    configure(1);
    ck_assert_uint_ge(2, pool("c")->line.queue.number);
    ck_assert_uint_ge(2, number);
    entries[0].job_max = 10;
    configure(1);
    submit(1);
    submit(1);
    ck_assert_uint_eq(source.queued, 2);
    ck_assert_uint_eq(pools_waiting(&pools), 2);
}
END_TEST

/* A held source is held in each line, and served in each when it is released. */
START_TEST(test_held_in_all_lines)
{
    settings.source_unread_max = 1000;
    entries[0].job_max = entries[1].job_max = 10;
    configure(2);
    ready_all();
    pools_source_unread(&pools, &source, 2000);
    struct job *jobs[3] = {submit(0), submit(1), submit(2)};
    ready_all();
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(jobs[i]->state, JOB_WAITING);
    ck_assert_uint_eq(job_queue_ready(&pool("a")->line.queue), 0);
    pools_source_unread(&pools, &source, 0);
    turn(1);
    ready_all();
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(jobs[i]->state, JOB_RUNNING);
}
END_TEST

START_TEST(test_a_source_goes)
{
    entries[0].job_max = 10;
    configure(2);
    struct job *jobs[4] = {submit(0), submit(1), submit(1), submit(2)};
    (void)jobs;
    ck_assert(pools_source_gone(&pools, &source));
    ck_assert_uint_eq(pools.shared.counts.dropped + pools.shared.counts.running, 4);
    ck_assert_uint_eq(pools_waiting(&pools), 0);
}
END_TEST

/* Nothing of an untouched pool is looked at. */
START_TEST(test_an_idle_pool_costs_nothing)
{
    ck_assert(!pool("b")->pass.listed);
    submit(1);
    ck_assert(!pool("b")->pass.listed && !pool("a")->pass.listed);
    ck_assert_uint_eq(pool("b")->pass.touched, 0);
    ck_assert(SLIST_EMPTY(&pools.shared.pending));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pools");
    TCase *tc = tcase_create("pools");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_each_has_workers_of_its_own);
    tcase_add_test(tc, test_one_order_and_one_table);
    tcase_add_test(tc, test_each_is_full_for_itself);
    tcase_add_test(tc, test_payloads_of_a_pool);
    tcase_add_test(tc, test_removed);
    tcase_add_test(tc, test_named_again);
    tcase_add_test(tc, test_numbers);
    tcase_add_test(tc, test_held_in_all_lines);
    tcase_add_test(tc, test_a_source_goes);
    tcase_add_test(tc, test_an_idle_pool_costs_nothing);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
