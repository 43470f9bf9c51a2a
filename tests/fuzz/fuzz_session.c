/*
 * fuzz_session: the whole master without its processes. Sessions, dispatcher and worker links are
 * those of production, on sockets with our peers at the other ends.
 *
 * The input is a list of steps: clients act (session_clients.c), worker processes and strangers act
 * (session_workers.c), time passes (session_system.c). At the end no job, session, timer or byte of
 * a payload may be left.
 */
#include "all_settings.h"
#include "base/lag.h"
#include "clients/clients.h"
#include "common/log.h"
#include "jobs/module_table.h"
#include "jobs/pools.h"
#include "net/conn.h"
#include "session_bytes.h"
#include "session_clients.h"
#include "session_system.h"
#include "session_workers.h"
#include "stats/report.h"
#include "stats/worker_memory.h"
#include "workers/operations.h"
#include "workers/port.h"
#include "workers/workers.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    OUTPUT_PAUSE = 8000, /* unread bytes of a client's output that pause reading from it */
    STEPS_MAX = 400,
    ROUNDS_MAX = 600,
    QUIET_ROUNDS = 5,
    TURN_US = 50000,
};

static struct event_base *base;
static struct timers timers;
static struct payload_budget budget, output;
static struct conn_loop loop;
static struct pools pools;
static struct module_table modules;
static struct clients clients;
static struct log_limits log_limits;
static struct workers workers;
static struct worker_memory memory;
static struct report reporter;
static struct lag lag;
static struct config *config;
static unsigned most_workers; /* the highest pool-max so far */

/* --- the loop --- */

static void turn(void)
{
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    timers_turn(&timers, clock_now_us);
    timers_run(&timers);
    conn_loop_chores(&loop);
    peers_read();
}

/* The counts add up. */
static void check(void)
{
    const struct dispatcher_counts *c = &pools.shared.counts;
    unsigned most = pools.first->limits.pool_max; /* a client may have changed it */
    most_workers = most > most_workers ? most : most_workers;
    uint64_t sum = c->done + c->dropped + c->orphaned + c->running + pools_waiting(&pools);
    for (int i = 0; i < FAIL_REASONS; i++)
        sum += c->failed[i];
    for (int i = 0; i < OVERLOAD_REASONS; i++)
        sum += c->overload[i];
    bug_on(sum != c->submitted || pools.shared.jobs.count != c->running + pools_waiting(&pools));
    bug_on(clients.peers.connected > settings_of(config)->clients.peers.client_max ||
           pool_count(&pools.first->pool) > 2 * most_workers);
}

static void good_round(void)
{
    starts_that_fail = 0;
    procs_go_on();
    peers_go_on();
    workers_reap(&workers);
    clock_now_us += TURN_US;
    turn();
    check();
}

/* A paused pool would keep its jobs. */
static void resume(void)
{
    struct dispatcher *d;
    POOLS_EACH (d, &pools)
        dispatcher_resume(d);
}

static void settle(void)
{
    int quiet = 0; /* rounds in a row: the last bytes may still be on their way */
    for (int i = 0; i < ROUNDS_MAX && quiet < QUIET_ROUNDS; i++) {
        resume(); /* a client may still ask for a pause */
        good_round();
        quiet = peers_are_done() && !pools.shared.jobs.count ? quiet + 1 : 0;
    }
    bug_on(quiet < QUIET_ROUNDS);
    peers_check();
}

static void give_up(bool at_once)
{
    if (at_once)
        pools_abort(&pools);
    else
        pools_stop(&pools);
}

/* `ending`: the server's patience. */
static void drain(unsigned ending)
{
    worker_port_close(&workers);
    pools_drain(&pools, false);
    for (int i = 0; i < ROUNDS_MAX && !pools_are_drained(&pools); i++) {
        if (i == (ending & 1 ? 0 : ROUNDS_MAX / 2))
            give_up(ending & 2);
        good_round();
    }
    bug_on(!pools_are_drained(&pools));
    peers_listen(&clients.peers);
    if (ending & 8)
        good_round();
    peers_end_silent(&clients.peers);
    if (ending & 8)
        good_round();
    peers_end(&clients.peers);
    bug_on(clients.peers.reading);
    if (ending & 4)
        peers_close(&clients.peers);
    for (int i = 0; i < ROUNDS_MAX && !TAILQ_EMPTY(&clients.peers.list); i++)
        good_round();
    bug_on(!TAILQ_EMPTY(&clients.peers.list));
}

/* --- the operator's requests --- */

/* As in a drain: nothing is read, and the answer comes at once. */
static bool on_reload(void *arg, struct control_reload *told)
{
    (void)arg;
    *told = (struct control_reload){.fault = NULL};
    return false;
}

static void on_reopen(void *arg, const char *who, struct control_reopen *told)
{
    (void)arg, (void)who;
    *told = (struct control_reopen){.fault = NULL};
}

/* The level stays, for the lines are checked. */
static enum log_level on_log_level(void *arg, enum log_level level)
{
    (void)arg, (void)level;
    workers_follow_log(&workers);
    return LOG_DEBUG;
}

static void on_drain(void *arg, const char *who, enum control_waiting waiting)
{
    (void)arg, (void)who;
    if (pools.shared.draining)
        return;
    pools_drain(&pools, waiting == WAITING_RUN);
    peers_tell_draining(&clients.peers);
}

/* --- one input --- */

static struct config *load_config(struct input *input)
{
    static char texts[4][64];
    static char *overrides[] = {
        texts[0],
        texts[1],
        texts[2],
        texts[3],
        "worker-path=/w",
        "module-dir=/m",
        "client-max=3",
        "payload-max=20000",
        "payload-total-max=50000",
        "client-output-max=60000",
        "output-total-max=100000",
        "hello-timeout-ms=1000",
        "header-timeout-ms=1000",
        "payload-timeout-ms=1000",
        "output-timeout-ms=2000",
        "linger-ms=300",
        "start-timeout-ms=500",
        "job-timeout-ms=3000",
        "kill-grace-ms=100",
        "part-stall-ms=1500",
        "dead-letters=n1",
    };
    struct config_args args = {.program = "taskmasterd", .overrides = overrides};
    char error[512];
    unsigned pool_max = input_take(input) % 4 + 1u;
    args.override_count = sizeof overrides / sizeof *overrides;
    snprintf(texts[0], sizeof texts[0], "pool-max=%u", pool_max);
    snprintf(texts[1], sizeof texts[1], "pool-start=%u", input_take(input) % (pool_max + 1));
    snprintf(texts[2], sizeof texts[2], "job-max=%u", input_take(input) % 20u);
    snprintf(texts[3], sizeof texts[3], "worker-window=%u", input_take(input) % 8 + 1u);
    struct config *loaded = config_load(&settings_schema, &args, error, sizeof error);
    if (!loaded)
        fprintf(stderr, "%s\n", error);
    bug_on(!loaded);
    most_workers = pool_max > most_workers ? pool_max : most_workers;
    return loaded;
}

static struct job_settings limits_of(const struct config *c)
{
    struct job_settings limits = settings_of(c)->jobs;
    limits.processors = 0; /* independent of the machine */
    return limits;
}

static void apply(struct config *c)
{
    const struct settings *settings = settings_of(c);
    module_table_configure(&modules, &settings->modules);
    clients_configure(&clients, &settings->clients, &settings->access);
    clients.peers.limits.authenticated.output_pause = OUTPUT_PAUSE;
    workers_configure(&workers, &settings->workers, &settings->modules, &settings->jobs);
    config = c;
}

static void reload(struct input *input)
{
    struct config *before = config;
    apply(load_config(input));
    config_free(before);
    struct job_settings limits = limits_of(config);
    pools_configure(&pools, &limits, true);
}

static void set_up(struct input *input)
{
    static const char boot[] = "boot";
    log_configure(LOG_DEBUG, LOG_TEXT);
    most_workers = 0;
    config = load_config(input);
    system_reset(&pools);
    peers_reset(&clients);
    procs_reset(&workers);
    base = event_base_new();
    timers_init(&timers, clock_now_us);
    budget = (struct payload_budget){.max = settings_of(config)->clients.peers.payload_total_max};
    output = (struct payload_budget){.max = settings_of(config)->clients.peers.output_total_max};
    conn_loop_init(&loop, base, &timers, &budget, &output);
    module_table_init(&modules, &settings_of(config)->modules);
    struct job_settings limits = limits_of(config);
    pools_init(&pools, &worker_operations, &workers, &timers, &limits, 1);
    pools.shared.hold.output = &output;
    worker_memory_init(&memory);
    lag = (struct lag){.part = 0};
    reporter = (struct report){.pools = &pools,
                               .modules = &modules,
                               .budget = &budget,
                               .output = &output,
                               .memory = &memory,
                               .crashes = &workers.crashes,
                               .lag = &lag,
                               .connections = &loop.open,
                               .boot = boot,
                               .started_us = clock_now_us};
    clients = (struct clients){.peers = {.loop = &loop, .boot = boot},
                               .pools = &pools,
                               .modules = &modules,
                               .report = &reporter};
    clients.peers.control =
        (struct peers_control){NULL, on_reload, on_reopen, on_log_level, on_drain};
    workers =
        (struct workers){.pools = &pools, .loop = &loop, .log_limits = &log_limits, .boot = boot};
    clients_init(&clients);
    log_limits_init(&log_limits, &timers);
    workers_init(&workers);
    workers.env.environ = worker_process_environ();
    apply(config);
}

static void tear_down(void)
{
    peers_leave();
    strangers_leave();
    for (size_t i = 0; i < proc_count; i++)
        bug_on(!procs[i].reaped);
    bug_on(budget.held || budget.arriving_held || output.held);
    pools_free(&pools);
    clients_free(&clients);
    workers_free(&workers);
    log_limits_end(&log_limits);
    module_table_free(&modules);
    worker_memory_free(&memory);
    conn_loop_free(&loop);
    bug_on(timers.set.count);
    timers_free(&timers);
    event_base_free(base);
    config_free(config);
}

static void step(struct input *input)
{
    uint8_t what = input_take(input);
    switch (what % 12) {
    case 0:
    case 1:
    case 2:
    case 3:
        peers_act(input);
        break;
    case 4:
    case 5:
    case 6:
        procs_act(input);
        break;
    case 7:
        workers_reap(&workers);
        break;
    case 8:
        clock_now_us += what < 128 ? input_take(input) * 100u : input_take(input) * 20000u;
        turn();
        break;
    case 9:
        if (what < 64)
            strangers_act(input);
        else if (what < 110)
            starts_that_fail = input_take(input) % 3;
        else if (what < 128)
            reload(input);
        else
            good_round();
        break;
    default:
        turn();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    unsigned ending = size ? data[size - 1] : 0;
    set_up(&input);
    pools_start(&pools);
    for (int i = 0; input.left && i < STEPS_MAX; i++) {
        step(&input);
        check();
    }
    if ((ending & 0xf0) != 0xf0)
        settle();
    drain(ending);
    tear_down();
    return 0;
}
