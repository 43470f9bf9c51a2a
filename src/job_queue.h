/*
 * job_queue: where waiting jobs are kept, first in, first out.
 *
 * These calls are all that the dispatcher knows of it, so that a durable store can stand
 * behind them later. In memory a put cannot fail: the queue is an intrusive list, and removal from
 * the middle is O(1).
 */
#ifndef TASKMASTER_JOB_QUEUE_H
#define TASKMASTER_JOB_QUEUE_H

#include "job.h"

struct job_queue {
    struct job_list jobs;
    size_t count;
    uint64_t max_seen;    /* the most that ever waited */
    struct job *returned; /* the last that came back, if it is still here: others stand close by */
};

void job_queue_init(struct job_queue *queue);

/* To the end of the line; the job becomes WAITING. */
void job_queue_put(struct job_queue *queue, struct job *job);

/* A job that had left the line to be given to a worker comes back to its place: before all that
 * were submitted after it. It is WAITING or RUNNING. Only such jobs stand before that place, and
 * when many come back in their order, each stands right behind the one before. */
void job_queue_return(struct job_queue *queue, struct job *job);

/* The first of the line leaves it; NULL if nobody waits. */
struct job *job_queue_take(struct job_queue *queue);

/* A waiting job leaves the line from wherever it stands. */
void job_queue_remove(struct job_queue *queue, struct job *job);

size_t job_queue_count(const struct job_queue *queue);

/* The first of the line, which stays; NULL if nobody waits. */
struct job *job_queue_first(const struct job_queue *queue);

#endif
