/*
 * fuzz_master: the dispatchers' whole state machine, with workers, sources and a clock of our own.
 *
 * There are up to three pools, and a module for each. The input is a list of steps. A source
 * submits, cancels or goes (master_sources.c). A worker's process starts, begins a job, answers,
 * lies, closes its connection, hangs or dies; the master reads from it or reaps it, on time or late
 * (master_workers.c). Time passes, settings and pools change, the operator pauses, resizes and
 * recycles them, the server drains. After each step the books must balance (master_books.c); jobs
 * are handed out first in, first out, and each job has one end. Then the workers behave, and every
 * unfinished job must end; then the server drains, and nothing may be left.
 */
#include "common/log.h"
#include "master_books.h"
#include "master_news.h"
#include "master_sources.h"
#include "master_workers.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS_MAX = 2000, ROUNDS_MAX = 400 };

struct pools pools;
struct timers timers;
struct payload_budget budget;
struct module_entry modules[MODULES];
struct source sources[SOURCES];
struct known_job known[JOBS_MAX + 1];
struct job_settings limits;
struct pool_size highest;

static char *pool_names[POOLS] = {NULL, "a", "b"}; /* the first is the default */
static struct pool_settings others[POOLS - 1];

/* --- time and settings --- */

static void pass_time(uint64_t us)
{
    timers_turn(&timers, timers.now_us + us);
    timers_run(&timers);
    for (int i = 0; i < SOURCES; i++)
        if (sources[i].leaving)
            source_lose(&sources[i]);
}

static void raise_to(uint32_t *most, uint32_t value)
{
    if (*most < value)
        *most = value;
}

static struct pool_settings draw_pool(struct input *input)
{
    struct pool_settings pool = {
        .pool_max = input_take(input) % 4 + 1u,
        .job_max = input_take(input) % 12,
        .worker_window = input_take(input) % 9 + 1u,
    };
    uint8_t what = input_take(input);
    pool.pool_start = what % (pool.pool_max + 1);
    pool.max_wait_ms = what & 16 ? 500 : 0;
    pool.idle_timeout_ms = what & 32 ? 200 : 0;
    pool.job_timeout_ms = what & 64 ? 300 : 0;
    pool.worker_max_jobs = what & 128 ? 3 : 0;
    raise_to(&highest.pool_max, pool.pool_max);
    raise_to(&highest.job_max, pool.job_max);
    return pool;
}

/* The modules' places in the table, as module_table.c has them after a reload. */
static void place_modules(struct input *input)
{
    for (int i = 0; i < MODULES; i++) {
        uint8_t pool = input_take(input) % (uint8_t)(limits.pools.count + 1);
        modules[i].settings.pool = pool ? others[pool - 1].name : NULL;
        modules[i].pool = NULL;
        module_breaker_close(&modules[i].breaker, modules[i].name, "the settings were read again");
    }
}

static void draw_pools(struct input *input)
{
    uint8_t which = input_take(input);
    limits.pools = (struct option_entries){.items = others};
    for (int i = 1; i < POOLS; i++)
        if (which & 1 << i) {
            others[limits.pools.count] = draw_pool(input);
            others[limits.pools.count++].name = pool_names[i];
        }
    place_modules(input);
}

static void set_limits(struct input *input)
{
    limits = (struct job_settings){
        .pool = draw_pool(input),
        .start_timeout_ms = 500,
        .kill_grace_ms = 100,
        .source_unread_max = UNREAD_MAX,
        .source_output_max = OUTPUT_MAX,
        .breaker_window_ms = 1000,
        .breaker_pause_ms = 100,
    };
    uint8_t what = input_take(input);
    limits.client_job_max = what & 32 ? 5 : 0;
    limits.processors = what & 128 ? 1 : 0;
    limits.begin_timeout_ms = what & 16 ? 0 : 400;
    limits.ping_misses = what & 8 ? 1 : 3;
    limits.dead_kill_ms = what & 4 ? 0 : 1000;
    limits.ping_interval_ms = what & 2 ? 0 : 200;
    limits.breaker_crashes = what & 1 ? 0 : 2;
    draw_pools(input);
}

static void configure(struct input *input)
{
    set_limits(input);
    modules[0].settings.timeout_ms = input_take(input) * 20u;
    pools_configure(&pools, &limits, input_take(input) & 1);
}

/* --- the operator --- */

static struct dispatcher *some_pool(struct input *input)
{
    unsigned skip = input_take(input) % POOLS;
    struct dispatcher *d;
    POOLS_EACH (d, &pools)
        if (!skip--)
            return d;
    return pools.first;
}

static void resize(struct dispatcher *d, struct input *input)
{
    struct pool_settings pool = draw_pool(input);
    dispatcher_resize(d, &(struct pool_size){pool.pool_start, pool.pool_max, pool.job_max});
}

static void steer(struct input *input)
{
    struct dispatcher *d = some_pool(input);
    switch (input_take(input) % 6) {
    case 0:
    case 1:
        if (!d->removal.removed)
            dispatcher_pause(d);
        break;
    case 2:
        dispatcher_resume(d);
        break;
    case 3:
        resize(d, input);
        break;
    case 4:
        dispatcher_recycle(d);
        break;
    default:
        sim_steer(input);
    }
}

/* --- one input --- */

/* A step of live jobs. */
static void live_step(struct input *input, unsigned what)
{
    switch (what % 10) {
    case 0:
    case 1:
    case 2:
        source_submit_live(input);
        break;
    case 3:
        news_mark(input);
        break;
    case 4:
        news_change(input);
        break;
    case 5:
        source_bye(input);
        break;
    case 6:
        source_read_service(input);
        break;
    default:
        sims_send_parts(input);
    }
}

static void step(struct input *input)
{
    uint8_t what = input_take(input);
    if (what >= 225) {
        live_step(input, what - 225u);
        return;
    }
    switch (what % 25) {
    case 0:
    case 1:
    case 2:
    case 3:
        source_submit(input);
        break;
    case 4:
        for (int i = input_take(input) % 16; i >= 0; i--)
            source_submit(&(struct input){.left = 0});
        break;
    case 5:
        source_cancel(input);
        break;
    case 6:
        source_end(input);
        break;
    case 7:
        source_go(input);
        break;
    case 23:
        source_take(input);
        break;
    case 24:
        source_stall(input);
        break;
    case 8:
    case 9:
    case 10:
        sim_act(input);
        break;
    case 11:
    case 12:
        sim_read(input);
        break;
    case 13:
        sims_reap();
        break;
    case 14:
        sim_unstick(input);
        break;
    case 15:
        pass_time(input_take(input) * 20u);
        break;
    case 16:
        pass_time(input_take(input) * 20000u);
        break;
    case 17:
        sims_fail_starts(input_take(input) % 4);
        break;
    case 18:
        configure(input);
        break;
    case 20:
        source_read(input);
        break;
    case 21:
    case 22:
        steer(input);
        break;
    case 19:
        sims_behave();
        break;
    }
}

/* A turn of a well-behaved world. */
static void good_turn(void)
{
    for (int i = 0; i < SOURCES; i++)
        if (sources[i].used)
            source_read_all(&sources[i]);
    sims_behave_well();
    pass_time(100000);
    books_check();
}

/* All submitted jobs come to their ends. */
static void settle(void)
{
    struct dispatcher *d;
    POOLS_EACH (d, &pools)
        dispatcher_resume(d);
    for (int i = 0; i < ROUNDS_MAX && pools.shared.jobs.count; i++)
        good_turn();
    bug_on(pools.shared.jobs.count);
    for (uint64_t seq = 1; seq <= pools.shared.last_seq; seq++)
        bug_on(!(known[seq].seen & SEEN_LEFT));
}

/* `late`: workers go on as before until the drain's own deadline stops them. */
static void drain(bool late, bool at_once, bool run)
{
    pools_drain(&pools, run);
    books_check_counts();
    for (int i = 0; late && i < 3; i++)
        pass_time(300000);
    if (late && at_once)
        pools_abort(&pools);
    else if (late)
        pools_stop(&pools);
    bug_on(late && at_once && pools.shared.counts.running);
    for (int i = 0; i < ROUNDS_MAX && !pools_are_drained(&pools); i++)
        good_turn();
    bug_on(!pools_are_drained(&pools) || !sims_are_gone());
}

static void tear_down(void)
{
    for (int i = CLIENTS; i < SOURCES; i++)
        bug_on(sources[i].source.job_count); /* they go on in a drain, and nobody drops them */
    for (int i = 0; i < SOURCES; i++)
        if (sources[i].used)
            source_lose(&sources[i]);
    bug_on(pools.shared.jobs.count || budget.held);
    news_end();
    pools_free(&pools);
    bug_on(timers.set.count);
    timers_free(&timers);
    news_check();
    for (uint64_t seq = 1; seq <= pools.shared.last_seq; seq++)
        bug_on(!(known[seq].seen & SEEN_LEFT));
}

static void set_up(struct input *input)
{
    log_configure(LOG_ERROR + 1, LOG_TEXT);
    timers_init(&timers, 1000000);
    budget = (struct payload_budget){.max = UINT64_MAX};
    memset(modules, 0, sizeof modules);
    modules[0].name = "fast";
    modules[1].name = "slow";
    modules[2].name = "other";
    memset(sources, 0, sizeof sources);
    sims_reset();
    highest = (struct pool_size){0};
    set_limits(input);
    pools_init(&pools, &sim_ops, NULL, &timers, &limits, 4711);
    news_begin();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t ending = input_take(&input);
    set_up(&input);
    pools_start(&pools);
    for (int i = 0; input.left && i < STEPS_MAX; i++) {
        step(&input);
        books_check();
    }
    if (ending & 1)
        settle();
    drain(ending & 2, ending & 4, ending & 8);
    tear_down();
    return 0;
}
