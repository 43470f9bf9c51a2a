/*
 * queue_cursor: a place in a line, to go on from in a later turn.
 *
 * A look at a line of a million jobs takes many turns, and meanwhile jobs come and go. A cursor
 * stands at the last seen jobs: one in the line, and one among its passed jobs. When such a job
 * leaves, the queue moves the cursor to the job before. The cursor's jobs carry a bit, so a job
 * costs one look at this bit. Rejected: an order to search in by number; each job would pay for it.
 */
#ifndef TASKMASTER_JOBS_QUEUE_CURSOR_H
#define TASKMASTER_JOBS_QUEUE_CURSOR_H

#include "jobs/job.h"

#include <sys/queue.h>

struct job_queue;

struct job_queue_cursor {
    LIST_ENTRY(job_queue_cursor) link; /* in the queue's list */
    struct job_queue *queue;           /* NULL: the cursor is in no line, or the line is gone */
    struct job *in_line, *passed;      /* the last ones seen; NULL: none yet */
};

/* To the beginning of the line, from wherever it is. */
void job_queue_cursor_set(struct job_queue_cursor *cursor, struct job_queue *queue);

/* Out of its line, if it is in one. */
void job_queue_cursor_clear(struct job_queue_cursor *cursor);

/* The next job in the order of seq, held or not; NULL at the end. The cursor stays. */
struct job *job_queue_cursor_next(const struct job_queue_cursor *cursor);

/* The next job is seen. No job may leave the line from now on until the cursor is pinned. */
void job_queue_cursor_move(struct job_queue_cursor *cursor, struct job *next);
void job_queue_cursor_pin(struct job_queue_cursor *cursor);

/* For the queue: a pinned job is about to leave its list; the line is gone. */
void job_queue_cursors_leave(struct job_queue *queue, struct job *job);
void job_queue_cursors_end(struct job_queue *queue);

#endif
