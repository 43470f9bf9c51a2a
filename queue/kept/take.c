/* kept_take: the next jobs of a module are read from the store, before its window is empty. */
#include "queue/kept/kept_internal.h"

#include "common/xmalloc.h"

#include <stdlib.h>

/* The job is in memory already, or a record is made of the row. */
static struct kept *find(struct keep *keep, struct store_row *row)
{
    struct kept *job = kept_record_find(keep, row->job->seq);
    if (!job)
        return kept_record_read(keep, row->job);
    if (job->state == KEPT_WAITING)
        kept_record_take_bodies(job, row->job);
    stored_job_free(row->job);
    return job;
}

/* A row of a job that is in memory may be out of date. */
static void read_row(struct keep *keep, struct store_row *row)
{
    struct kept *job = find(keep, row);
    if (job->state == KEPT_WAITING && job->place == KEPT_NOWHERE)
        kept_window_add(job);
    free(row);
}

static void taken(struct keep_op *op)
{
    struct kept_module *module = op->arg;
    struct store_row *row;
    struct kept_spot last = {0};
    while ((row = STAILQ_FIRST(&op->op.rows))) {
        STAILQ_REMOVE_HEAD(&op->op.rows, link);
        last = (struct kept_spot){row->job->wish.priority, row->job->seq};
        read_row(op->keep, row);
    }
    module->window.is_taking = false;
    kept_window_raise(module, op->op.is_whole ? NULL : &last);
}

static void take(struct kept_module *module, struct kept_window_room room)
{
    struct keep_op *op = kept_write_new(module->keep, STORE_TAKE, taken);
    op->op.module = module->name;
    op->op.behind_priority = module->window.reach.priority;
    op->op.behind_seq = module->window.reach.seq;
    op->op.max = room.jobs;
    op->op.max_bytes = room.bytes;
    op->arg = module;
    module->window.is_taking = true;
    kept_write_post(op);
}

void kept_take_look(struct kept_module *module)
{
    const struct kept_window *window = &module->window;
    struct kept_window_room room;
    if (window->is_whole || window->is_taking || !kept_hand_may(module))
        return;
    room = kept_window_wants(module);
    if (room.jobs)
        take(module, room);
}
