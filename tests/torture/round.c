/* round: see round.h. */
#include "round.h"

#include "daemon.h"
#include "die.h"
#include "nemesis.h"
#include "proc.h"
#include "queue.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TURN_MS = 50,
    STUCK_US = 15000000, /* without any event for so long */
    REST_US = 8000000,   /* to come to rest */
    WINDOW_US = 1000000, /* of the measurement of processor time */
    CALM_US = 11000000,  /* the daemon's time to return memory */
    GONE_US = 1000000,   /* for workers, when their master is gone */
    GONE_STEP_US = 5000,
    SETTLE_US = 20000,
    END_US = 10000000,
};

enum phase {
    STARTING, /* until the pool is complete; then the first figures are taken */
    WORKING,
    LEAVING,  /* no more jobs; the clients leave */
    SETTLING, /* all workers are replaced, as at the beginning */
    MEASURING,
    ENDING,
    BETWEEN, /* between two masters */
    OVER
};

struct round {
    struct round_result *result;
    struct loop loop;
    struct daemon daemon;
    struct crowd crowd;
    struct monitor monitor;
    struct nemesis nemesis;
    struct queue queue;
    const struct plan *plan;
    enum phase phase;
    enum epoch_end expected; /* EPOCH_DIED: no end is expected */
    uint64_t phase_us;       /* since when */
    uint64_t event_us;       /* time of the last event */
    size_t told;             /* number of events then */
    uint64_t used_us;        /* at the beginning of MEASURING */
    uint64_t settle_sent_us;
    uint64_t rest_max; /* workers, at most, from SETTLING on */
    bool up;           /* the present master listens */
    bool last;         /* no other master follows */
    struct loop_timer timer;
};

static struct rest *rest_of(struct round *round)
{
    return &round->result->rest;
}

static void enter(struct round *round, enum phase phase)
{
    round->phase = phase;
    round->phase_us = clock_now_us();
}

/* --- figures --- */

static uint64_t used_us(const struct round *round)
{
    pid_t pids[MONITOR_WORKERS_MAX];
    uint64_t used = 0;
    size_t count = proc_running(round->daemon.dir, pids, MONITOR_WORKERS_MAX);
    for (size_t i = 0; i < count && i < MONITOR_WORKERS_MAX; i++)
        used += proc_cpu(pids[i]).used_us;
    return used;
}

static uint64_t count_zombies(const struct round *round)
{
    pid_t pids[MONITOR_WORKERS_MAX];
    uint64_t zombies = 0;
    size_t count = proc_children(round->daemon.pid, pids, MONITOR_WORKERS_MAX);
    for (size_t i = 0; i < count && i < MONITOR_WORKERS_MAX; i++)
        zombies += proc_state(pids[i]) == 'Z';
    return zombies;
}

/* Processes left by jobs whose worker has exited. */
static uint64_t count_strays(const struct round *round)
{
    pid_t pids[MONITOR_WORKERS_MAX];
    uint64_t strays = 0;
    size_t count = proc_running(round->daemon.dir, pids, MONITOR_WORKERS_MAX);
    for (size_t i = 0; i < count && i < MONITOR_WORKERS_MAX; i++)
        strays += pids[i] != round->daemon.pid && !daemon_owns(&round->daemon, pids[i]);
    return strays;
}

/* All workers are idle, and only the monitor is connected. */
static bool is_at_rest(const struct round *round)
{
    const struct sample *s = &round->monitor.sample;
    uint32_t workers = plan_sum(&round->plan->layout).pool_start;
    return s->submitted + s->connected > 0 && s->all.idle == workers && !s->all.starting &&
           !s->all.busy && !s->all.stopping && s->connected == 1 && !s->all.waiting && !s->running;
}

static void take_first_figures(struct round *round)
{
    struct rest *rest = rest_of(round);
    rest->files_before = proc_files(round->daemon.pid);
    rest->rss_before_kb = proc_rss_kb(round->daemon.pid);
}

static void take_last_figures(struct round *round)
{
    struct rest *rest = rest_of(round);
    const struct sample *s = &round->monitor.sample;
    rest->reached = true;
    rest->used_us = used_us(round) - round->used_us;
    rest->window_us = clock_now_us() - round->phase_us;
    rest->files_after = proc_files(round->daemon.pid);
    rest->rss_after_kb = proc_rss_kb(round->daemon.pid);
    rest->zombies = count_zombies(round);
    rest->strays = count_strays(round);
    rest->bytes = s->bytes;
    rest->connected = s->connected;
    rest->waiting = s->all.waiting;
    rest->running = s->running;
}

/* --- the way through a round --- */

static void start(struct round *round)
{
    round->expected = EPOCH_DIED;
    round->up = false;
    daemon_write_config(&round->daemon, &round->plan->layout, false);
    enter(round, STARTING);
    daemon_start(&round->daemon);
}

static void on_up(void *arg)
{
    struct round *round = arg;
    struct history *history = &round->result->history;
    round->up = true;
    history->epoch++;
    round->result->epochs++;
    history_add(history, EV_EPOCH)->pid = round->daemon.pid;
    history_add_layout(history, &round->plan->layout);
    monitor_open(&round->monitor, &round->daemon.clients, round->daemon.pid);
}

static void begin_work(struct round *round)
{
    take_first_figures(round);
    enter(round, WORKING);
    round->nemesis.exclusive = false;
    crowd_open(&round->crowd, &round->daemon.clients, round->daemon.boot);
    queue_master_up(&round->queue, &round->daemon.clients);
}

/* Makes the pool as small as at the beginning, and all of it new. */
static void settle(struct round *round)
{
    struct layout layout = plan_rest(round->plan);
    round->rest_max = plan_sum(&layout).pool_max;
    enter(round, SETTLING);
    daemon_write_config(&round->daemon, &layout, false);
    round->settle_sent_us = clock_now_us();
    daemon_signal(&round->daemon, SIGHUP);
}

/* The daemon returns a burst's memory within seconds (TRIM_MS in src/master.c). */
static bool is_calm(struct round *round)
{
    long grown_kb = proc_rss_kb(round->daemon.pid) - rest_of(round)->rss_before_kb;
    return grown_kb <= DRIFT_KB * (long)round->daemon.scale ||
           clock_now_us() - round->phase_us > CALM_US;
}

/* The monitor is silent, too, during the measurement. */
static void on_window_over(void *arg)
{
    struct round *round = arg;
    if (round->phase == MEASURING && !is_calm(round)) {
        loop_set(&round->loop, &round->timer, WINDOW_US);
        return;
    }
    take_last_figures(round);
    enter(round, ENDING);
    round->expected = EPOCH_DRAINED;
    crowd_epoch_over(&round->crowd);
    monitor_close(&round->monitor);
    daemon_signal(&round->daemon, SIGTERM);
}

static void measure(struct round *round)
{
    enter(round, MEASURING);
    loop_clear(&round->monitor.next);
    round->used_us = used_us(round);
    loop_set(&round->loop, &round->timer, WINDOW_US);
}

static void on_sample(void *arg)
{
    struct round *round = arg;
    const struct sample *sample = &round->monitor.sample;
    if (round->phase == STARTING && is_at_rest(round))
        begin_work(round);
    else if (round->phase == SETTLING && is_at_rest(round) && sample->pool_max == round->rest_max &&
             sample->sent_us > round->settle_sent_us + SETTLE_US)
        measure(round);
}

static void on_workers(void *arg)
{
    struct round *round = arg;
    nemesis_workers_listed(&round->nemesis);
}

static void on_worker_started(void *arg, pid_t pid)
{
    struct round *round = arg;
    nemesis_worker_started(&round->nemesis, pid);
}

/* --- the end of a master --- */

static void on_restart(void *arg, enum epoch_end how)
{
    struct round *round = arg;
    round->expected = how;
    round->monitor.expect_end = true;
    crowd_epoch_over(&round->crowd);
    queue_master_leaves(&round->queue);
}

/* A job's forked processes are in its worker's group. If the worker dies right before a kill -9 of
 * the master, nobody ends them (doc/reliability.md, What is not promised), so the harness does.
 * Returns the number of the other processes. */
static size_t end_forked(pid_t *pids, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count && i < MONITOR_WORKERS_MAX; i++)
        if (getpgid(pids[i]) == pids[i])
            pids[kept++] = pids[i];
        else
            kill(pids[i], SIGKILL);
    return kept;
}

/* Processes left by a master have a second to end. Meanwhile clients read the remaining events. */
static void wait_for_workers(void *arg)
{
    struct round *round = arg;
    pid_t pids[MONITOR_WORKERS_MAX];
    struct rest *rest = rest_of(round);
    size_t left = proc_running(round->daemon.dir, pids, MONITOR_WORKERS_MAX);
    if (round->expected == EPOCH_KILLED)
        left = end_forked(pids, left);
    bool busy = left > 0 || !TAILQ_EMPTY(&round->crowd.clients);
    if (busy && clock_now_us() - round->phase_us < (uint64_t)GONE_US * round->daemon.scale) {
        loop_set(&round->loop, &round->timer, GONE_STEP_US);
        return;
    }
    crowd_drop_all(&round->crowd);
    if (left) {
        rest->leftovers += left;
        rest->leftover_epoch = round->result->history.epoch;
        proc_describe(pids[0], rest->leftover, sizeof rest->leftover);
        for (size_t i = 0; i < left && i < MONITOR_WORKERS_MAX; i++)
            kill(pids[i], SIGKILL);
    }
    round->timer.fire = on_window_over;
    if (round->last)
        enter(round, OVER);
    else
        start(round);
}

static void on_down(void *arg, int status)
{
    struct round *round = arg;
    bool drained = round->expected == EPOCH_DRAINED;
    crowd_epoch_over(&round->crowd);
    queue_master_down(&round->queue);
    if (!drained)
        crowd_drop_all(&round->crowd);
    crowd_drop_deaf(&round->crowd);
    round->monitor.expect_end = true;
    monitor_close(&round->monitor);
    nemesis_epoch_over(&round->nemesis);
    if (round->expected == EPOCH_DIED && round->phase == STARTING && !round->up &&
        daemon_lost_port(&round->daemon)) {
        start(round);
        return;
    }
    struct event *event = history_add(&round->result->history, EV_EPOCH_END);
    event->code = (uint8_t)round->expected;
    event->a = (uint64_t)status;
    if (round->phase == ENDING)
        round->result->rest.end_us = clock_now_us() - round->phase_us;
    round->last = round->last || round->phase == ENDING || round->expected == EPOCH_DIED;
    enter(round, BETWEEN);
    round->timer.fire = wait_for_workers;
    loop_set(&round->loop, &round->timer, 0);
}

/* --- progress --- */

static void step(struct round *round)
{
    crowd_sweep(&round->crowd);
    queue_step(&round->queue, round->result->history.submitted);
    if (round->phase == WORKING) {
        nemesis_step(&round->nemesis);
        if (round->result->history.submitted >= round->plan->jobs &&
            nemesis_is_done(&round->nemesis)) {
            enter(round, LEAVING);
            crowd_finish(&round->crowd);
        }
    }
    if (round->phase == LEAVING && TAILQ_EMPTY(&round->crowd.clients)) {
        if (queue_finish(&round->queue))
            settle(round);
        else
            round->event_us = clock_now_us(); /* the queue's end has a deadline of its own */
    }
}

/* Samples and pings are no progress, as they never stop. */
static bool is_stuck(struct round *round)
{
    const struct history *history = &round->result->history;
    uint64_t now = clock_now_us(), scale = round->daemon.scale;
    size_t told = history->event_count - 2 * history->sample_count;
    if (told > round->told + 16 || !round->event_us) {
        round->told = told;
        round->event_us = now;
    }
    if (round->phase == SETTLING)
        return now - round->phase_us > REST_US * scale;
    if (round->phase == ENDING)
        return now - round->phase_us > END_US * scale;
    return now - round->event_us > STUCK_US * scale && now - round->phase_us > STUCK_US * scale;
}

static void break_off(struct round *round)
{
    if (round->phase == SETTLING) { /* the daemon does not come to rest, but the round must end */
        on_window_over(round);
        rest_of(round)->reached = false;
        return;
    }
    rest_of(round)->stuck = true;
    history_add(&round->result->history, EV_STUCK);
    round->expected = EPOCH_KILLED;
    round->last = true;
    monitor_close(&round->monitor);
    crowd_drop_all(&round->crowd);
    crowd_epoch_over(&round->crowd);
    daemon_signal(&round->daemon, SIGKILL);
    enter(round, BETWEEN);
}

static void set_up(struct round *round, const struct plan *plan, const char *build, uint32_t scale)
{
    loop_init(&round->loop);
    daemon_init(&round->daemon, &round->loop, plan, build, scale);
    round->daemon.arg = round;
    round->daemon.up = on_up;
    round->daemon.down = on_down;
    round->daemon.worker_started = on_worker_started;
    crowd_init(&round->crowd, &round->loop, &round->result->history, plan);
    monitor_init(&round->monitor, &round->loop, &round->result->history);
    round->monitor.arg = round;
    round->monitor.on_sample = on_sample;
    round->monitor.on_workers = on_workers;
    nemesis_init(&round->nemesis, plan);
    queue_init(&round->queue, &round->loop, plan, &round->result->ledger, round->daemon.dir, build,
               scale);
    round->nemesis.loop = &round->loop;
    round->nemesis.history = &round->result->history;
    round->nemesis.daemon = &round->daemon;
    round->nemesis.crowd = &round->crowd;
    round->nemesis.monitor = &round->monitor;
    round->nemesis.arg = round;
    round->nemesis.restart = on_restart;
    round->timer = (struct loop_timer){.fire = on_window_over, .arg = round};
}

static void tear_down(struct round *round)
{
    struct round_result *result = round->result;
    memcpy(result->fault_counts, round->nemesis.counts, sizeof result->fault_counts);
    result->faults = round->nemesis.total;
    result->missed = round->nemesis.missed;
    result->dir = need_text("%s", round->daemon.dir);
    result->side = need_text("%s", round->daemon.side);
    result->queue_side = need_text("%s", round->daemon.queue_side);
    result->whole = round->phase == OVER && round->expected == EPOCH_DRAINED && !result->rest.stuck;
    queue_free(&round->queue);
    while (round->nemesis.strangers)
        loop_turn(&round->loop, TURN_MS);
    nemesis_free(&round->nemesis);
    crowd_free(&round->crowd);
    loop_clear(&round->timer);
    loop_clear(&round->monitor.next);
    daemon_free(&round->daemon);
    loop_free(&round->loop);
}

void round_run(struct round_result *result, const struct plan *plan, const char *build,
               uint32_t scale)
{
    struct round round = {.result = result, .plan = plan};
    *result = (struct round_result){.faults = 0};
    history_init(&result->history);
    result->rest.started_us = clock_now_us();
    set_up(&round, plan, build, scale);
    start(&round);
    while (round.phase != OVER) {
        loop_turn(&round.loop, TURN_MS);
        step(&round);
        if (round.phase != BETWEEN && is_stuck(&round))
            break_off(&round);
    }
    tear_down(&round);
}

void round_free(struct round_result *result, bool keep)
{
    if (!keep)
        daemon_remove(result->dir);
    free(result->dir);
    free(result->side);
    free(result->queue_side);
    ledger_free(&result->ledger);
    history_free(&result->history);
}
