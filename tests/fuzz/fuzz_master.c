/*
 * fuzz_master: the dispatcher's whole state machine, with workers, sources and a clock of our own.
 *
 * The input is a list of steps. A source submits, cancels or goes (master_sources.c). A worker's
 * process starts, begins a job, answers, lies, closes its connection, hangs or dies; the master
 * reads from it or reaps it, on time or late (master_workers.c). Time passes, settings change, the
 * server drains. After each step the books must balance (master_books.c); jobs are handed out first
 * in, first out, and each job has one end. Then the workers behave, and every unfinished job must
 * end; then the server drains, and nothing may be left.
 */
#include "common/log.h"
#include "master_books.h"
#include "master_sources.h"
#include "master_workers.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS_MAX = 2000, ROUNDS_MAX = 400 };

struct dispatch_shared shared;
struct dispatcher dispatcher;
struct timers timers;
struct payload_budget budget;
struct module_entry modules[MODULES];
struct source sources[SOURCES];
struct known_job known[JOBS_MAX + 1];
struct job_settings limits, highest;

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

static void set_limits(struct input *input)
{
    limits = (struct job_settings){
        .pool.pool_max = input_take(input) % 4 + 1u,
        .pool.job_max = input_take(input) % 12,
        .start_timeout_ms = 500,
        .kill_grace_ms = 100,
        .pool.worker_window = input_take(input) % 9 + 1u,
        .source_unread_max = UNREAD_MAX,
    };
    uint8_t what = input_take(input);
    limits.pool.pool_start = what % (limits.pool.pool_max + 1);
    limits.client_job_max = what & 32 ? 5 : 0;
    limits.pool.job_timeout_ms = what & 64 ? 300 : 0;
    limits.processors = what & 128 ? 1 : 0;
    limits.begin_timeout_ms = what & 16 ? 0 : 400;
    limits.ping_misses = what & 8 ? 1 : 3;
    limits.dead_kill_ms = what & 4 ? 0 : 1000;
    raise_to(&highest.pool.pool_max, limits.pool.pool_max);
    raise_to(&highest.pool.job_max, limits.pool.job_max);
}

static void configure(struct input *input)
{
    set_limits(input);
    modules[0].settings.timeout_ms = input_take(input) * 20u;
    dispatch_shared_configure(&shared, &limits);
    dispatcher_configure(&dispatcher, &limits.pool, input_take(input) & 1);
}

/* --- one input --- */

static void step(struct input *input)
{
    switch (input_take(input) % 21) {
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
        dispatcher_ping(&dispatcher);
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
            dispatcher_source_unread(&shared, &sources[i].source, 0);
    sims_behave_well();
    pass_time(100000);
    books_check();
}

/* All submitted jobs come to their ends. */
static void settle(void)
{
    for (int i = 0; i < ROUNDS_MAX && shared.jobs.count; i++)
        good_turn();
    bug_on(shared.jobs.count);
    for (uint64_t seq = 1; seq <= shared.last_seq; seq++)
        bug_on(!(known[seq].seen & SEEN_LEFT));
}

/* `late`: workers go on as before until the drain's own deadline stops them. */
static void drain(bool late, bool at_once)
{
    dispatcher_drain(&dispatcher, false);
    books_check_counts();
    for (int i = 0; late && i < 3; i++)
        pass_time(300000);
    if (late && at_once)
        dispatcher_abort(&dispatcher);
    else if (late)
        dispatcher_stop(&dispatcher);
    bug_on(late && at_once && shared.counts.running);
    for (int i = 0; i < ROUNDS_MAX && !dispatcher_is_drained(&dispatcher); i++)
        good_turn();
    bug_on(!dispatcher_is_drained(&dispatcher) || !sims_are_gone());
}

static void tear_down(void)
{
    for (int i = 0; i < SOURCES; i++)
        if (sources[i].used)
            source_lose(&sources[i]);
    bug_on(shared.jobs.count || budget.held);
    dispatcher_free(&dispatcher);
    dispatch_shared_free(&shared);
    bug_on(timers.set.count);
    timers_free(&timers);
    for (uint64_t seq = 1; seq <= shared.last_seq; seq++)
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
    memset(sources, 0, sizeof sources);
    sims_reset();
    highest = (struct job_settings){.pool.pool_max = 0};
    set_limits(input);
    dispatch_shared_init(&shared, &sim_ops, NULL, &timers, &limits);
    dispatcher_init(&dispatcher, &shared, "default", &limits.pool, 0, 4711);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t ending = input_take(&input);
    set_up(&input);
    dispatcher_start(&dispatcher);
    for (int i = 0; input.left && i < STEPS_MAX; i++) {
        step(&input);
        books_check();
    }
    if (ending & 1)
        settle();
    drain(ending & 2, ending & 4);
    tear_down();
    return 0;
}
