/* nemesis: see nemesis.h. */
#include "nemesis.h"

#include "die.h"

#include <stdlib.h>

static const struct {
    enum fault_kind last; /* of this function's kinds */
    void (*strike)(struct nemesis *nemesis);
} families[] = {
    {FAULT_KILL_ALL, nemesis_workers_strike},         {FAULT_CRASH_BEHIND, nemesis_jobs_strike},
    {FAULT_TRICKLE, nemesis_clients_strike},          {FAULT_STREAM_PAUSE, nemesis_streams_strike},
    {FAULT_WATCH_DEAF, nemesis_live_strike},          {FAULT_GARBAGE, nemesis_clients_strike},
    {FAULT_TIMEOUT_RACE, nemesis_requests_strike},    {FAULT_FEW_FILES, nemesis_master_strike},
    {FAULT_STRANGER_TOKEN, nemesis_strangers_strike}, {FAULT_MASTER_DRAIN, nemesis_master_strike},
    {FAULT_DRAIN_REQUEST, nemesis_operator_strike},
};

static void strike(struct nemesis *nemesis, const struct fault *fault)
{
    size_t family = 0;
    nemesis->kind = fault->kind;
    nemesis->rng = rng_of(fault->random, 0);
    nemesis->counts[fault->kind]++;
    nemesis->total++;
    history_add_fault(nemesis->history, fault->kind, 0);
    while (fault->kind > families[family].last)
        family++;
    families[family].strike(nemesis);
}

static bool is_blocked(const struct nemesis *nemesis)
{
    return nemesis->exclusive || nemesis->waits_for_workers || nemesis->waits_for_start ||
           !nemesis->crowd->env.up;
}

void nemesis_step(struct nemesis *nemesis)
{
    const struct plan *plan = nemesis->plan;
    if (nemesis->next < plan->fault_count && !is_blocked(nemesis) &&
        plan->faults[nemesis->next].at_job <= nemesis->history->submitted)
        strike(nemesis, &plan->faults[nemesis->next++]);
}

bool nemesis_is_done(const struct nemesis *nemesis)
{
    return nemesis->next == nemesis->plan->fault_count && !is_blocked(nemesis) &&
           LIST_EMPTY(&nemesis->laters) && !nemesis->strangers;
}

void nemesis_epoch_over(struct nemesis *nemesis)
{
    nemesis->waits_for_workers = nemesis->waits_for_start = false;
    nemesis->tries = 0;
}

/* --- later --- */

static void on_later(void *arg)
{
    struct later *later = arg;
    LIST_REMOVE(later, link);
    later->act(later->nemesis, later);
    free(later);
}

void nemesis_later(struct nemesis *nemesis, uint64_t after_us,
                   void (*act)(struct nemesis *, const struct later *), pid_t pid, uint32_t client,
                   uint32_t count)
{
    struct later *later = need(sizeof *later);
    later->nemesis = nemesis;
    later->act = act;
    later->kind = nemesis->kind;
    later->pid = pid;
    later->client = client;
    later->count = count;
    later->timer = (struct loop_timer){.fire = on_later, .arg = later};
    LIST_INSERT_HEAD(&nemesis->laters, later, link);
    loop_set(nemesis->loop, &later->timer, after_us);
}

void nemesis_init(struct nemesis *nemesis, const struct plan *plan)
{
    *nemesis = (struct nemesis){.plan = plan};
    LIST_INIT(&nemesis->laters);
}

void nemesis_free(struct nemesis *nemesis)
{
    struct later *later;
    while ((later = LIST_FIRST(&nemesis->laters))) {
        loop_clear(&later->timer);
        LIST_REMOVE(later, link);
        free(later);
    }
}
