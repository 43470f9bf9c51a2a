/* nemesis_master: the daemon itself and its settings. */
#include "nemesis.h"

#include <signal.h>

enum {
    ROW_MAX = 30,
    ROW_STEP_US = 1000,
    LIMITS_US = 400000,
    MISSING_US = 1200000,
    FEW_US = 400000,
    STOPPED_MIN_US = 100000,
    STOPPED_MAX_US = 800000,
    SECOND_SIGNAL_US = 60000,
};

/* Signals without any permitted effect. */
static void signal_in_vain(struct nemesis *nemesis)
{
    static const int signals[] = {SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO,
                                  SIGPWR,  SIGPIPE, SIGURG,  SIGTSTP,   SIGTTIN, SIGTTOU,
                                  SIGXCPU, SIGXFSZ, SIGCONT, SIGCHLD,   SIGWINCH};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        daemon_signal(nemesis->daemon, signals[i]);
    daemon_signal(nemesis->daemon,
                  (int)rng_range(&nemesis->rng, (uint64_t)SIGRTMIN, (uint64_t)SIGRTMAX));
    nemesis->exclusive = false;
}

static void hup(struct nemesis *nemesis)
{
    daemon_signal(nemesis->daemon, SIGHUP);
}

static void hup_row(struct nemesis *nemesis, const struct later *later)
{
    hup(nemesis);
    if (later->count > 1)
        nemesis_later(nemesis, ROW_STEP_US, hup_row, 0, 0, later->count - 1);
    else
        nemesis->exclusive = false;
}

void nemesis_set_layout(struct nemesis *nemesis, const struct layout *layout, bool worker_broken)
{
    daemon_write_config(nemesis->daemon, layout, worker_broken);
    history_add_layout(nemesis->history, layout);
    hup(nemesis);
}

void nemesis_restore(struct nemesis *nemesis, const struct later *later)
{
    (void)later;
    nemesis_set_layout(nemesis, &nemesis->plan->layout, false);
    nemesis->exclusive = false;
}

/* Other limits for the same pools, or other pools. */
static void set_other_layout(struct nemesis *nemesis)
{
    struct layout layout = nemesis->kind == FAULT_HUP_POOLS
                               ? plan_other_pools(nemesis->plan, &nemesis->rng)
                               : plan_other_limits(nemesis->plan, &nemesis->rng);
    nemesis_set_layout(nemesis, &layout, false);
    nemesis_later(nemesis, rng_below(&nemesis->rng, LIMITS_US), nemesis_restore, 0, 0, 0);
}

static void set_bad_config(struct nemesis *nemesis)
{
    daemon_write_bad_config(nemesis->daemon, (unsigned)rng_below(&nemesis->rng, 100));
    hup(nemesis);
    nemesis_later(nemesis, rng_below(&nemesis->rng, LIMITS_US), nemesis_restore, 0, 0, 0);
}

static void hide_worker(struct nemesis *nemesis)
{
    nemesis_set_layout(nemesis, &nemesis->plan->layout, true);
    nemesis_later(nemesis, rng_below(&nemesis->rng, MISSING_US), nemesis_restore, 0, 0, 0);
}

static void give_files(struct nemesis *nemesis, const struct later *later)
{
    (void)later;
    daemon_limit_files(nemesis->daemon, 0);
    nemesis->exclusive = false;
}

static void take_files(struct nemesis *nemesis)
{
    daemon_limit_files(nemesis->daemon, (int)rng_range(&nemesis->rng, 1, 4));
    nemesis_later(nemesis, rng_below(&nemesis->rng, FEW_US), give_files, 0, 0, 0);
}

static void go_on(struct nemesis *nemesis, const struct later *later)
{
    (void)later;
    daemon_signal(nemesis->daemon, SIGCONT);
    monitor_stopped(nemesis->monitor);
    nemesis->exclusive = false;
}

static void stop(struct nemesis *nemesis)
{
    monitor_stopped(nemesis->monitor);
    daemon_signal(nemesis->daemon, SIGSTOP);
    nemesis_later(nemesis, rng_range(&nemesis->rng, STOPPED_MIN_US, STOPPED_MAX_US), go_on, 0, 0,
                  0);
}

/* The round starts the next master, and this ends the fault. */
static void kill_master(struct nemesis *nemesis)
{
    nemesis->restart(nemesis->arg, EPOCH_KILLED);
    daemon_signal(nemesis->daemon, SIGKILL);
}

static int end_signal(struct nemesis *nemesis)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGQUIT};
    return signals[rng_below(&nemesis->rng, sizeof signals / sizeof *signals)];
}

static void signal_again(struct nemesis *nemesis, const struct later *later)
{
    if (nemesis->daemon->pid == later->pid)
        daemon_signal(nemesis->daemon, end_signal(nemesis));
}

static void drain_master(struct nemesis *nemesis)
{
    nemesis->restart(nemesis->arg, EPOCH_DRAINED);
    daemon_signal(nemesis->daemon, end_signal(nemesis));
    if (rng_chance(&nemesis->rng, 300))
        nemesis_later(nemesis, rng_below(&nemesis->rng, SECOND_SIGNAL_US), signal_again,
                      nemesis->daemon->pid, 0, 0);
}

void nemesis_master_strike(struct nemesis *nemesis)
{
    struct later row = {.count = (uint32_t)rng_range(&nemesis->rng, 2, ROW_MAX)};
    nemesis->exclusive = true;
    switch (nemesis->kind) {
    case FAULT_OTHER_SIGNALS:
        signal_in_vain(nemesis);
        break;
    case FAULT_HUP_ROW:
        hup_row(nemesis, &row);
        break;
    case FAULT_HUP_LIMITS:
    case FAULT_HUP_POOLS:
        set_other_layout(nemesis);
        break;
    case FAULT_HUP_BAD_CONFIG:
        set_bad_config(nemesis);
        break;
    case FAULT_NO_WORKER_BINARY:
        hide_worker(nemesis);
        break;
    case FAULT_FEW_FILES:
        take_files(nemesis);
        break;
    case FAULT_MASTER_STOP:
        stop(nemesis);
        break;
    case FAULT_MASTER_KILL:
        kill_master(nemesis);
        break;
    default:
        drain_master(nemesis);
    }
}
