/*
 * job_queue: where waiting jobs are kept, first in, first out.
 *
 * These calls are all that the dispatcher knows of it, so that a durable store can stand behind
 * them later. In memory a put cannot fail: the queue is an intrusive list, and removal from the
 * middle is O(1).
 *
 * Jobs of a held source keep their places, and others pass them. Nothing moves when a source is
 * held or released. Only a job of a held source that has become the first of the line moves, once
 * in its life, to a list of its source's own; so passing a job is O(1). A heap has the lists of
 * released sources, by their first jobs. The older of two is served: the first of the line, and the
 * first in the heap.
 *
 * (With a list for each source, and a heap of them all, no job would move. But then each job would
 * pay for a heap of 10,000 clients, though nobody is held.)
 */
#ifndef TASKMASTER_JOBS_QUEUE_H
#define TASKMASTER_JOBS_QUEUE_H

#include "base/heap.h"
#include "jobs/job.h"

/* A source that is held, or has jobs that others passed. */
struct job_queue_hold {
    struct heap_node node;           /* in a heap, by the first of these jobs: */
    struct job_list passed;          /* jobs that others passed while it was held, by seq */
    LIST_ENTRY(job_queue_hold) link; /* while held */
    struct job_source *source;
};

struct job_queue {
    struct job_list jobs;
    size_t count;
    size_t held;        /* how many of these are of held sources */
    struct heap passed; /* released sources with jobs that others passed, by the first of these */
    struct heap passed_held;           /* held sources with such jobs */
    LIST_HEAD(, job_queue_hold) holds; /* all held sources */
    uint64_t max_seen;                 /* the most that ever waited */
    struct job *returned; /* the last that came back, if it is still here: others stand close by */
};

void job_queue_init(struct job_queue *queue);
void job_queue_free(struct job_queue *queue); /* once it is empty */

/* To the end of the line; the job becomes WAITING. */
void job_queue_put(struct job_queue *queue, struct job *job);

/* A job that had left the line to be given to a worker comes back to its place: before all that
 * were submitted after it. It is WAITING or RUNNING. Only such jobs stand before that place, and
 * when many come back in their order, each stands right behind the one before. */
void job_queue_return(struct job_queue *queue, struct job *job);

/* A waiting job leaves the line from wherever it stands. */
void job_queue_remove(struct job_queue *queue, struct job *job);

/* All that wait here; and those of them whose source is not held. */
size_t job_queue_count(const struct job_queue *queue);
size_t job_queue_ready(const struct job_queue *queue);

/* The first job of the line whose source is not held; it stays there. NULL if there is none, or if
 * it stands behind more held jobs than one call passes: then job_queue_ready() is not 0, and the
 * next call goes on. */
struct job *job_queue_first(struct job_queue *queue);

/* The one that waits longest, held or not; NULL if nobody waits. */
const struct job *job_queue_oldest(const struct job_queue *queue);

/* The source's jobs stay in the line; or are served again, in their order among all. */
void job_queue_hold(struct job_queue *queue, struct job_source *source);
void job_queue_release(struct job_queue *queue, struct job_source *source);

#endif
