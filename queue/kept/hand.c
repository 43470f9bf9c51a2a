/*
 * kept_hand: a job goes to the master: first the store learns of it, then the master.
 *
 * Of each module the master gets so many jobs ahead as are 50 ms of work, at least two. So a slow
 * module fills nobody's pool, and an urgent job overtakes all but a few. This needs no knowledge of
 * pools.
 */
#include "queue/kept/kept_internal.h"

enum { AHEAD_US = 50000, AHEAD_MIN = 2 };

bool kept_hand_is_ready(const struct keep *keep)
{
    return keep->master.is_up && !keep->master.is_drained && kept_is_up(keep) &&
           kept_now_us(keep) >= keep->master.until_us;
}

bool kept_hand_may(const struct kept_module *module)
{
    const struct keep *keep = module->keep;
    return kept_hand_is_ready(keep) && !keep->is_draining && !keep->is_recovering &&
           !keep->is_paused && !module->is_paused && kept_now_us(keep) >= module->hold.until_us;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Jobs that the master is to have and not to have begun. */
static uint64_t ahead_max(const struct kept_module *module)
{
    const struct keep *keep = module->keep;
    uint64_t n = module->run_us ? AHEAD_US / module->run_us : 0; /* it may be a slow one */
    if (n < AHEAD_MIN)
        n = AHEAD_MIN;
    n = least(n, least(keep->settings.window, keep->master.job_max));
    return least(n, kept_hold_most(module));
}

static uint64_t ahead(const struct kept_module *module)
{
    return module->counts.handed + module->window.claimed;
}

bool kept_hand_has_place(struct kept_module *module)
{
    return kept_hand_may(module) && ahead(module) < ahead_max(module) && kept_room_fits(module);
}

size_t kept_hand_places(const struct kept_module *module)
{
    uint64_t most = ahead_max(module), now = ahead(module);
    return now < most ? (size_t)least(most - now, kept_room_most(module)) : 0;
}

/* A small input may be needed again, and costs little; a large one is read again. */
static void submit(struct kept *job)
{
    struct keep *keep = job->keep;
    job->is_expiring = false;
    job->is_hurried = keep->shared.nodes > 1;
    kept_set_place(job, KEPT_WITH_MASTER);
    keep->parts.master->submit(keep->parts.master_arg, job);
    if (job->input && job->input->size > KEPT_INPUT_SMALL)
        kept_record_drop_input(job);
}

void kept_hand_written(struct kept *job)
{
    if (kept_hand_is_ready(job->keep) && !job->keep->is_draining) {
        submit(job);
        return;
    }
    kept_room_release(job);
    kept_back(job, false);
}

static void written(struct keep_op *op)
{
    kept_hand_written(op->job);
}

void kept_hand_prepare(struct kept *job)
{
    job->stored->run.state = STORED_HANDED;
    job->stored->run.attempt++;
    kept_set_state(job, KEPT_HANDED);
    kept_room_expect(job);
}

/* A job that no master can be handed ends here. */
static bool ends_here(struct kept *job)
{
    if (job->stored->input.is_lost)
        kept_end_failed_here(job, "error", "the payload is gone from the store, or damaged", NULL);
    else if (job->stored->input.size > job->keep->master.payload_max)
        kept_end_failed_here(job, "too-large", "the payload is over the master's payload-max",
                             NULL);
    else
        return false;
    return true;
}

static void hand(struct kept *job)
{
    kept_window_remove(job);
    if (ends_here(job))
        return;
    kept_hand_prepare(job);
    kept_write_job(job, STORE_HANDED, written);
}

/* A run of before, which was lost, ends first. */
void kept_hand_claimed(struct kept *job)
{
    if (job->is_late)
        return;
    if (job->stored->run.is_cancelled) {
        kept_end_cancelled(job, job->stop_by);
        return;
    }
    if (ends_here(job))
        return;
    kept_room_expect(job);
    kept_hand_written(job);
}

/* The first one is being written: the others wait for it, because order holds. */
void kept_hand_serve(struct kept_module *module)
{
    struct kept *job;
    while ((job = kept_window_first(module)) && !job->is_writing && kept_hand_has_place(module))
        hand(job);
}
