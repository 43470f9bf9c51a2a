/*
 * dispatch_wait: the pool's timer for jobs that wait too long, and the jobs with limits of their
 * own. expiry.c decides what happens to them.
 *
 * Jobs with limits of their own are due in any order, so they stand in a heap, from their submit on
 * until they end or are due. Other jobs pay nothing for it.
 */
#include "jobs/dispatcher_internal.h"

void dispatch_wait_until(struct dispatcher *d, uint64_t due_us)
{
    if (due_us <= dispatch_now(d))
        due_us = dispatch_now(d) + 1;
    if (!timer_is_set(&d->wait.timer) || due_us < d->wait.next_us)
        timer_set(d->timers, &d->wait.timer, d->wait.next_us = due_us);
}

void dispatch_wait_add(struct dispatcher *d, struct job *job)
{
    struct job_wait *wait = job_wait(job);
    heap_set(&d->wait.own, &wait->due, job->run.submitted_us + job->asked.max_wait_ms * 1000ull);
    dispatch_wait_until(d, wait->due.key);
}

void dispatch_wait_remove(struct dispatcher *d, struct job *job)
{
    heap_remove(&d->wait.own, &job_wait(job)->due);
}

struct job_wait *dispatch_wait_first(const struct dispatcher *d)
{
    struct heap_node *node = heap_first(&d->wait.own);
    return node ? (struct job_wait *)(void *)((char *)node - offsetof(struct job_wait, due)) : NULL;
}
