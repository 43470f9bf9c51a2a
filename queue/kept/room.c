/*
 * kept_room: nothing is handed on while the store has no room for the results that are on their
 * way. The size of a result is unknown before it comes: it is taken for as large as the large ones
 * of its module of late.
 *
 * Nor is anything while many bytes of results wait in memory to be written: the master is always
 * read, and a disk may be slower than its workers. Nor while many bytes of inputs wait for a master
 * that does not read.
 */
#include "queue/kept/kept_internal.h"

enum {
    RESULT_DECAY = 8, /* one in so many parts of the difference goes with each smaller result */
    AGAIN_MS = 1000,  /* outcomes go meanwhile */
    UNWRITTEN_MAX = 32 * 1024 * 1024, /* bytes; results of running jobs come on top of it */
};

static bool is_memory_full(const struct keep *keep)
{
    const struct kept_master_ops *master = keep->parts.master;
    return keep->room.unwritten >= UNWRITTEN_MAX ||
           (master->is_full && master->is_full(keep->parts.master_arg));
}

static bool is_anything_coming(const struct keep *keep)
{
    return keep->counts.handed || keep->counts.running;
}

/* The end of the next job takes no more than its input gives back. */
static bool makes_room(const struct kept_module *module)
{
    const struct kept *first = kept_window_first(module);
    return first && first->stored->input.size >= module->result_bytes;
}

/* A lonely job may try: otherwise a guess that was too large would hold up everything; and so would
 * waiting jobs over a store-max that was lowered, if no outcome is there to go. */
static bool may_try(const struct kept_module *module, uint64_t left)
{
    const struct keep *keep = module->keep;
    return !is_anything_coming(keep) && (left || !keep->counts.ended || makes_room(module));
}

bool kept_room_fits(struct kept_module *module)
{
    struct keep *keep = module->keep;
    uint64_t left = keep->parts.engine_ops->left(keep->parts.engine);
    uint64_t most = keep->room.coming + keep->room.unwritten + module->result_bytes;
    if (is_memory_full(keep))
        return false;
    if ((left && left >= most) || may_try(module, left))
        return true;
    if (!left)
        kept_full_note_store(keep);
    if (!timer_is_set(&keep->room.again))
        timer_set_ms(keep->parts.timers, &keep->room.again, AGAIN_MS);
    return false;
}

uint64_t kept_room_most(const struct kept_module *module)
{
    const struct keep *keep = module->keep;
    uint64_t left = keep->parts.engine_ops->left(keep->parts.engine);
    uint64_t coming = keep->room.coming + keep->room.unwritten;
    if (!module->result_bytes)
        return UINT64_MAX;
    return left > coming + module->result_bytes ? (left - coming) / module->result_bytes : 1;
}

void kept_room_expect(struct kept *job)
{
    job->coming = job->module->result_bytes;
    job->keep->room.coming += job->coming;
}

void kept_room_release(struct kept *job)
{
    job->keep->room.coming -= job->coming;
    job->coming = 0;
}

void kept_room_learn(struct kept_module *module, uint64_t size)
{
    if (size >= module->result_bytes)
        module->result_bytes = size;
    else
        module->result_bytes -= (module->result_bytes - size + RESULT_DECAY - 1) / RESULT_DECAY;
}

void kept_room_keep(struct kept *job)
{
    job->keep->room.unwritten += job->stored->result.size;
}

void kept_room_written(struct kept *job)
{
    struct keep *keep = job->keep;
    bool was_full = keep->room.unwritten >= UNWRITTEN_MAX;
    keep->room.unwritten -= job->stored->result.size;
    if (was_full && keep->room.unwritten < UNWRITTEN_MAX)
        kept_module_touch_all(keep);
}
