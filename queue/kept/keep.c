/* keep: see keep.h. Made, freed, and turned here. */
#include "queue/kept/kept_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>

enum { AHEAD_MS = 1000 };

/* --- timers --- */

static void due_fires(void *arg)
{
    kept_sweep_clock(arg);
    kept_ripe_look(arg);
}

static void sweep_fires(void *arg)
{
    kept_sweep_clock(arg);
    kept_sweep_look(arg);
}

/* The master may have jobs again, or the store room. */
static void hand_again(void *arg)
{
    kept_module_touch_all(arg);
}

static void try_again(void *arg)
{
    kept_news_try_again(arg);
}

static void acks_fire(void *arg)
{
    kept_ack_post(arg);
}

static void init_timers(struct keep *keep)
{
    log_limit_init(&keep->held_lines, keep->parts.timers, LOG_WARN, "module-held");
    log_limit_init(&keep->back_lines, keep->parts.timers, LOG_INFO, "module-back");
    kept_full_init(keep);
    timer_init(&keep->acks.timer, acks_fire, keep);
    timer_init(&keep->due, due_fires, keep);
    timer_init(&keep->sweep.timer, sweep_fires, keep);
    timer_init(&keep->room.again, hand_again, keep);
    timer_init(&keep->master.ready, hand_again, keep);
    timer_init(&keep->shared.again, try_again, keep);
    log_limit_init(&keep->shared.late_lines, keep->parts.timers, LOG_WARN, "late-outcome");
}

static void clear_timers(struct keep *keep)
{
    struct timers *timers = keep->parts.timers;
    log_limit_end(&keep->held_lines);
    log_limit_end(&keep->back_lines);
    kept_full_clear(keep);
    timer_clear(timers, &keep->acks.timer);
    timer_clear(timers, &keep->due);
    timer_clear(timers, &keep->sweep.timer);
    timer_clear(timers, &keep->room.again);
    timer_clear(timers, &keep->master.ready);
    timer_clear(timers, &keep->shared.again);
    log_limit_end(&keep->shared.late_lines);
}

/* --- begin and end --- */

static void init_lists(struct keep *keep)
{
    hash_init(&keep->jobs);
    hash_init(&keep->modules);
    hash_init(&keep->owners);
    TAILQ_INIT(&keep->all_modules);
    TAILQ_INIT(&keep->handed);
    TAILQ_INIT(&keep->bodies.jobs);
    TAILQ_INIT(&keep->loads.waiting);
    TAILQ_INIT(&keep->pass.jobs);
    TAILQ_INIT(&keep->pass.modules);
    STAILQ_INIT(&keep->acks.notes);
    STAILQ_INIT(&keep->shared.refused);
}

struct keep *keep_new(const struct keep_parts *parts)
{
    struct keep *keep = xcalloc(1, sizeof *keep);
    keep->parts = *parts;
    keep->settings = *parts->settings;
    init_lists(keep);
    init_timers(keep);
    keep->master.gone_us = kept_now_us(keep);
    kept_recover_start(keep);
    kept_era_init(keep);
    kept_ripe_look(keep);
    kept_sweep_note(keep, 1);
    return keep;
}

void keep_free(struct keep *keep)
{
    struct kept_module *module;
    kept_write_end_refused(keep);
    clear_timers(keep);
    kept_ack_free(keep);
    kept_record_free_all(keep);
    while ((module = TAILQ_FIRST(&keep->all_modules)))
        kept_module_free(module);
    kept_owner_free_all(keep);
    hash_free(&keep->jobs);
    hash_free(&keep->modules);
    free(keep->master.boot);
    free(keep);
}

/* --- public calls --- */

void keep_configure(struct keep *keep, const struct keep_settings *settings)
{
    keep->settings = *settings;
    kept_module_touch_all(keep);
}

enum kept_refusal keep_admits(struct keep *keep, const char *owner)
{
    return kept_submit_admits(keep, owner);
}

void keep_submit(struct keep *keep, struct stored_job *stored, struct payload *input,
                 struct kept_follower *follower)
{
    kept_sweep_clock(keep);
    kept_submit_new(keep, stored, input, follower);
}

struct kept *keep_find(struct keep *keep, uint64_t seq)
{
    return kept_record_find(keep, seq);
}

/* The clocks of other nodes may be ahead of this one's: their numbers are. */
uint64_t keep_last_seq(const struct keep *keep)
{
    const struct engine_ops *ops = keep->parts.engine_ops;
    if (!ops->is_shared)
        return keep->next_seq - 1;
    uint64_t seq = ops->next_seq(keep->parts.engine);
    return seq ? seq + AHEAD_MS * STORE_SEQ_PER_MS : 0;
}

void keep_ask(struct keep *keep, struct kept_ask *ask)
{
    kept_ask_start(keep, ask);
}

void keep_ask_forget(struct kept_ask *ask)
{
    if (ask->of)
        TAILQ_REMOVE(ask->of, ask, link);
    ask->of = NULL;
}

void keep_drain(struct keep *keep)
{
    keep->is_draining = true;
}

void keep_post(struct keep *keep, struct store_op *op)
{
    keep->has_posted = true;
    keep->parts.engine_ops->post(keep->parts.engine, op);
}

bool keep_has_work(const struct keep *keep)
{
    return keep->has_posted || !TAILQ_EMPTY(&keep->pass.jobs) || !TAILQ_EMPTY(&keep->pass.modules);
}

void keep_turn(struct keep *keep)
{
    kept_schedule(keep);
    if (keep->has_posted || keep->is_draining)
        kept_ack_post(keep);
    keep->has_posted = false;
    keep->parts.engine_ops->flush(keep->parts.engine);
}

void keep_set_observer(struct keep *keep,
                       void (*call)(void *arg, struct kept *job, const struct kept_event *event),
                       void *arg)
{
    const struct engine_ops *ops = keep->parts.engine_ops;
    keep->observer = call;
    keep->observer_arg = arg;
    if (ops->is_shared)
        ops->watch(keep->parts.engine, call);
}
