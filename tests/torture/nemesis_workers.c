/* nemesis_workers: signals to workers, from outside. */
#include "nemesis.h"

#include <signal.h>
#include <stdio.h>

enum {
    TRIES_MAX = 1000,      /* lists of workers, in search of one in the wanted state */
    START_WAIT_US = 20000, /* for a worker to start by itself; then a reload starts some */
    STOPPED_MIN_US = 1000,
    STOPPED_MAX_US = 400000,
    FROZEN_MIN_US = 1000000,
    FROZEN_MAX_US = 4000000, /* longer than any worker lives that gives no sign of life */
    START_DELAY_MAX_US = 4000,
};

static const struct {
    enum monitor_state state;
    int signo;
} aims[] = {
    [FAULT_KILL_IDLE] = {MONITOR_IDLE, SIGKILL},
    [FAULT_KILL_BUSY] = {MONITOR_BUSY, SIGKILL},
    [FAULT_KILL_STARTING] = {MONITOR_STARTING, SIGKILL},
    [FAULT_TERM_IDLE] = {MONITOR_IDLE, SIGTERM},
    [FAULT_TERM_BUSY] = {MONITOR_BUSY, SIGTERM},
    [FAULT_TERM_STARTING] = {MONITOR_STARTING, SIGTERM},
    [FAULT_STOP_IDLE] = {MONITOR_IDLE, SIGSTOP},
    [FAULT_STOP_BUSY] = {MONITOR_BUSY, SIGSTOP},
    [FAULT_STOP_STARTING] = {MONITOR_STARTING, SIGSTOP},
    [FAULT_FREEZE_IDLE] = {MONITOR_IDLE, SIGSTOP},
    [FAULT_FREEZE_BUSY] = {MONITOR_BUSY, SIGSTOP},
    [FAULT_FREEZE_STARTING] = {MONITOR_STARTING, SIGSTOP},
    [FAULT_KILL_REQUEST] = {MONITOR_BUSY, SIGKILL},
    [FAULT_RECYCLE_WORKER] = {MONITOR_BUSY, 0},
    [FAULT_KILL_ALL] = {MONITOR_BUSY, SIGKILL},
};

static void go_on(struct nemesis *nemesis, const struct later *later)
{
    if (daemon_owns(nemesis->daemon, later->pid))
        kill(later->pid, SIGCONT);
}

static bool is_freeze(enum fault_kind kind)
{
    return kind == FAULT_FREEZE_IDLE || kind == FAULT_FREEZE_BUSY || kind == FAULT_FREEZE_STARTING;
}

static uint64_t stopped_us(struct nemesis *nemesis, enum fault_kind kind)
{
    return is_freeze(kind) ? rng_range(&nemesis->rng, FROZEN_MIN_US, FROZEN_MAX_US)
                           : rng_range(&nemesis->rng, STOPPED_MIN_US, STOPPED_MAX_US);
}

/* The operator asks for it, by the worker's id. */
static void request(struct nemesis *nemesis, enum fault_kind kind, pid_t pid)
{
    char text[64];
    const struct monitor *monitor = nemesis->monitor;
    for (size_t i = 0; i < monitor->worker_count; i++)
        if (monitor->workers[i].pid == pid) {
            snprintf(text, sizeof text, "\"%s\",\"worker\":%u",
                     kind == FAULT_KILL_REQUEST ? "kill" : "recycle", monitor->workers[i].id);
            monitor_request(nemesis->monitor, ASK_OTHER, 0, text);
        }
}

/*
 * Records the fault first, so that all its effects come later. No worker is hit during the master's
 * kill: a new worker, stopped before it has set its parent-death signal, would stay stopped for
 * ever. (The kernel wakes a worker stopped earlier.)
 */
static void aim(struct nemesis *nemesis, enum fault_kind kind, pid_t pid, int signo)
{
    if (nemesis->monitor->expect_end || !daemon_owns(nemesis->daemon, pid)) {
        nemesis->missed++;
        return;
    }
    history_add_fault(nemesis->history, kind, pid)->a = (uint64_t)signo;
    if (kind == FAULT_KILL_REQUEST || kind == FAULT_RECYCLE_WORKER)
        request(nemesis, kind, pid);
    else
        kill(pid, signo);
    if (signo == SIGSTOP)
        nemesis_later(nemesis, stopped_us(nemesis, kind), go_on, pid, 0, 0);
}

static pid_t pick(struct nemesis *nemesis, enum monitor_state state)
{
    pid_t found = 0;
    uint64_t seen = 0;
    const struct monitor *monitor = nemesis->monitor;
    for (size_t i = 0; i < monitor->worker_count; i++)
        if (monitor->workers[i].state == state && rng_below(&nemesis->rng, ++seen) == 0)
            found = monitor->workers[i].pid;
    return found;
}

static void kill_all(struct nemesis *nemesis)
{
    for (size_t i = 0; i < nemesis->monitor->worker_count; i++)
        aim(nemesis, nemesis->kind, nemesis->monitor->workers[i].pid, SIGKILL);
}

/* Strikes: `pid` is a worker in the wanted state; 0: any worker with a possible job. */
static void strike_listed(struct nemesis *nemesis, pid_t pid)
{
    bool crowd_first = rng_chance(&nemesis->rng, 500);
    nemesis->waits_for_workers = false;
    nemesis->tries = 0;
    if (nemesis->crowd->paused && crowd_first)
        crowd_pause(nemesis->crowd, false);
    if (nemesis->kind == FAULT_KILL_ALL)
        kill_all(nemesis);
    else
        aim(nemesis, nemesis->kind, pid ? pid : pick(nemesis, MONITOR_BUSY),
            aims[nemesis->kind].signo);
    if (nemesis->crowd->paused)
        crowd_pause(nemesis->crowd, false);
}

void nemesis_workers_listed(struct nemesis *nemesis)
{
    if (!nemesis->waits_for_workers)
        return;
    pid_t pid = pick(nemesis, aims[nemesis->kind].state);
    if (pid || ++nemesis->tries >= TRIES_MAX)
        strike_listed(nemesis, pid);
    else
        monitor_want_workers(nemesis->monitor);
}

static void strike_started(struct nemesis *nemesis, const struct later *later)
{
    aim(nemesis, later->kind, later->pid, (int)later->count);
}

void nemesis_worker_started(struct nemesis *nemesis, pid_t pid)
{
    if (!nemesis->waits_for_start)
        return;
    nemesis->waits_for_start = false;
    nemesis_later(nemesis, rng_below(&nemesis->rng, START_DELAY_MAX_US), strike_started, pid, 0,
                  (uint32_t)aims[nemesis->kind].signo);
}

/* For an idle worker, pauses the clients: under load no worker is idle for long. */
static void want(struct nemesis *nemesis)
{
    nemesis->waits_for_workers = true;
    nemesis->tries = 0;
    if (aims[nemesis->kind].state == MONITOR_IDLE)
        crowd_pause(nemesis->crowd, true);
    monitor_want_workers(nemesis->monitor);
}

/* No worker has started by itself: a reload replaces all. */
static void make_some_start(struct nemesis *nemesis, const struct later *later)
{
    if (nemesis->waits_for_start && nemesis->next == later->count)
        daemon_signal(nemesis->daemon, SIGHUP);
}

/* Gives the fault up: starts are held back. */
static void give_up(struct nemesis *nemesis, const struct later *later)
{
    if (nemesis->next != later->count)
        return;
    nemesis->missed += nemesis->waits_for_start;
    nemesis->waits_for_start = false;
}

void nemesis_workers_strike(struct nemesis *nemesis)
{
    if (aims[nemesis->kind].state != MONITOR_STARTING) {
        want(nemesis);
        return;
    }
    nemesis->waits_for_start = true;
    nemesis_later(nemesis, START_WAIT_US, make_some_start, 0, 0, (uint32_t)nemesis->next);
    nemesis_later(nemesis, 20 * START_WAIT_US, give_up, 0, 0, (uint32_t)nemesis->next);
}
