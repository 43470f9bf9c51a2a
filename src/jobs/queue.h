/*
 * job_queue: where the waiting jobs of a pool are kept, first in, first out.
 *
 * The dispatcher knows these calls alone, so that a durable store can stand behind them later. In
 * memory a put cannot fail: the queue is an intrusive list, and removal from the middle is O(1).
 *
 * Jobs of a held source keep their places, and others pass them. Nothing moves when a source is
 * held or released. But when a job of a held source becomes the first of the line, it moves to a
 * list of its source's own, once in its life; so passing a job is O(1). A heap has the lists of
 * released sources, by their first jobs. The next job is the first of the line or the first in the
 * heap, whichever is older.
 *
 * (With a list for each source, and a heap of them all, no job would move. But then each job would
 * pay for a heap of 10,000 clients, though nobody is held.)
 *
 * A source has a stand in each line: its jobs there. The stand in line 0 is a part of the source,
 * because most servers have one pool. Stands in other lines are made with the first job.
 */
#ifndef TASKMASTER_JOBS_QUEUE_H
#define TASKMASTER_JOBS_QUEUE_H

#include "base/heap.h"
#include "jobs/job.h"

/* The jobs of one source that others passed while the source was held. */
struct job_queue_passed {
    struct heap_node node; /* in a heap, by the first job */
    struct job_list jobs;  /* in the order of seq, never empty */
};

struct job_queue_cursor;

struct job_queue {
    struct job_list jobs;
    struct job_list passed_jobs; /* all of them, in the order of seq */
    size_t passed_count;
    size_t count;
    size_t held;             /* how many of these are of held sources */
    struct heap passed;      /* of released sources with passed jobs, by the first of these */
    struct heap passed_held; /* the same of held sources */
    uint64_t max_seen;       /* the highest count so far */
    struct job *returned;    /* the last one returned, if still here: the next goes close by */
    uint32_t number;         /* of this line, from 0; no two lines with jobs share one */
    uint32_t tickets;        /* given to jobs so far */
    LIST_HEAD(, job_queue_cursor) cursors; /* in this line (queue_cursor.h) */
};

void job_queue_init(struct job_queue *queue, uint32_t number);
void job_queue_free(struct job_queue *queue); /* once it is empty */

/* Each admitted job takes a ticket, also one that goes to a worker at once: it may come back. */
static inline void job_queue_give_ticket(struct job_queue *queue, struct job *job)
{
    job->ticket = ++queue->tickets;
}

/* To the end of the line, with a ticket; the job becomes WAITING. */
void job_queue_put(struct job_queue *queue, struct job *job);

/* A job comes back from a worker to its old place, before all younger ones. It is WAITING or
 * RUNNING. The place is found by a walk over older jobs, and these have come back as well. So when
 * many come back in their order, each is put right behind the one before. */
void job_queue_return(struct job_queue *queue, struct job *job);

/* A waiting job leaves the line from wherever it stands. */
void job_queue_remove(struct job_queue *queue, struct job *job);

/* All jobs here; and those of sources not held. */
static inline size_t job_queue_count(const struct job_queue *queue)
{
    return queue->count;
}

static inline size_t job_queue_ready(const struct job_queue *queue)
{
    return queue->count - queue->held;
}

/* The first job of a source not held; it stays in the line. NULL if there is none, or if more held
 * jobs are before it than one call passes: then job_queue_ready() is not 0, and the next call goes
 * on. */
struct job *job_queue_first(struct job_queue *queue);

/* The job with the longest wait, held or not; NULL if the line is empty. */
struct job *job_queue_oldest(const struct job_queue *queue);

/* The most jobs that may stand before this one of the line: some may have left. O(1). */
size_t job_queue_position(const struct job_queue *queue, const struct job *job);

/* The source's jobs stay in all lines; or are served again, in their order among all. */
void job_queue_hold(struct job_source *source);
void job_queue_release(struct job_source *source);

/* The stands of the source, from 0 on; NULL behind the last one. A stand may be empty. */
struct job_stand *job_queue_stand(struct job_source *source, size_t n);

/* Frees the stands of a source without jobs. */
void job_queue_forget(struct job_source *source);

#endif
