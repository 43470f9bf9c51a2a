/* job_queue_cursor: see queue_cursor.h. */
#include "jobs/queue_cursor.h"

#include "jobs/queue.h"

void job_queue_cursor_clear(struct job_queue_cursor *cursor)
{
    if (cursor->queue)
        LIST_REMOVE(cursor, link);
    *cursor = (struct job_queue_cursor){.queue = NULL};
}

void job_queue_cursor_set(struct job_queue_cursor *cursor, struct job_queue *queue)
{
    job_queue_cursor_clear(cursor);
    cursor->queue = queue;
    LIST_INSERT_HEAD(&queue->cursors, cursor, link);
}

static struct job *next_in_line(const struct job_queue_cursor *cursor)
{
    if (cursor->in_line)
        return TAILQ_NEXT(cursor->in_line, links.waiting);
    return TAILQ_FIRST(&cursor->queue->jobs);
}

static struct job *next_passed(const struct job_queue_cursor *cursor)
{
    if (cursor->passed)
        return TAILQ_NEXT(cursor->passed, links.passed);
    return TAILQ_FIRST(&cursor->queue->passed_jobs);
}

struct job *job_queue_cursor_next(const struct job_queue_cursor *cursor)
{
    struct job *in_line = next_in_line(cursor), *passed = next_passed(cursor);
    if (!in_line || !passed)
        return in_line ? in_line : passed;
    return in_line->seq < passed->seq ? in_line : passed;
}

void job_queue_cursor_move(struct job_queue_cursor *cursor, struct job *next)
{
    if (next->run.place == JOB_PASSED)
        cursor->passed = next;
    else
        cursor->in_line = next;
}

static void pin(struct job *job)
{
    if (job)
        job->run.pinned = true;
}

void job_queue_cursor_pin(struct job_queue_cursor *cursor)
{
    pin(cursor->in_line);
    pin(cursor->passed);
}

static void step_back(struct job_queue_cursor *cursor, const struct job *job)
{
    if (cursor->in_line == job)
        cursor->in_line = TAILQ_PREV(job, job_list, links.waiting);
    if (cursor->passed == job)
        cursor->passed = TAILQ_PREV(job, job_list, links.passed);
    job_queue_cursor_pin(cursor);
}

void job_queue_cursors_leave(struct job_queue *queue, struct job *job)
{
    struct job_queue_cursor *cursor;
    LIST_FOREACH (cursor, &queue->cursors, link)
        step_back(cursor, job);
    job->run.pinned = false;
}

void job_queue_cursors_end(struct job_queue *queue)
{
    struct job_queue_cursor *cursor;
    while ((cursor = LIST_FIRST(&queue->cursors)))
        job_queue_cursor_clear(cursor);
}
