/*
 * dispatch_removal: a pool that no setting names any more.
 *
 * Its jobs run where they were admitted, so the pool goes on with its last settings until it has
 * none. Then its workers end, and the pool is gone.
 */
#include "jobs/dispatcher_internal.h"

void dispatch_removal_look(struct dispatcher *d)
{
    if (d->running || dispatcher_waiting(d))
        return;
    dispatch_retire_all(d, WORKER_IDLE, END_RELOAD);
    dispatch_retire_all(d, WORKER_STARTING, END_RELOAD);
    dispatch_retire_all(d, WORKER_DEAD, END_RELOAD);
    if (!pool_count(&d->pool))
        timer_set_next(d->timers, &d->removal.empty);
}
