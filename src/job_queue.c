/* job_queue: see job_queue.h. */
#include "job_queue.h"

#include "common/log.h"

void job_queue_init(struct job_queue *queue)
{
    *queue = (struct job_queue){.count = 0};
    TAILQ_INIT(&queue->jobs);
}

void job_queue_put(struct job_queue *queue, struct job *job)
{
    job_set_state(job, JOB_WAITING);
    TAILQ_INSERT_TAIL(&queue->jobs, job, queue_link);
    queue->count++;
    if (queue->count > queue->max_seen)
        queue->max_seen = queue->count;
}

void job_queue_return(struct job_queue *queue, struct job *job)
{
    struct job *after = TAILQ_FIRST(&queue->jobs);
    if (queue->returned && queue->returned->seq < job->seq)
        after = TAILQ_NEXT(queue->returned, queue_link);
    if (job->state != JOB_WAITING)
        job_set_state(job, JOB_WAITING);
    while (after && after->seq < job->seq)
        after = TAILQ_NEXT(after, queue_link);
    if (after)
        TAILQ_INSERT_BEFORE(after, job, queue_link);
    else
        TAILQ_INSERT_TAIL(&queue->jobs, job, queue_link);
    queue->count++;
    queue->returned = job;
}

struct job *job_queue_take(struct job_queue *queue)
{
    struct job *job = TAILQ_FIRST(&queue->jobs);
    if (job)
        job_queue_remove(queue, job);
    return job;
}

void job_queue_remove(struct job_queue *queue, struct job *job)
{
    bug_on(job->state != JOB_WAITING);
    if (queue->returned == job)
        queue->returned = TAILQ_PREV(job, job_list, queue_link);
    TAILQ_REMOVE(&queue->jobs, job, queue_link);
    queue->count--;
}

size_t job_queue_count(const struct job_queue *queue)
{
    return queue->count;
}

struct job *job_queue_first(const struct job_queue *queue)
{
    return TAILQ_FIRST(&queue->jobs);
}
