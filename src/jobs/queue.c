/* job_queue: see queue.h. */
#include "jobs/queue.h"

#include "common/log.h"
#include "common/xmalloc.h"

#include <stdlib.h>

enum { PASS_MAX = 1000 }; /* jobs passed in one call */

void job_queue_init(struct job_queue *queue)
{
    *queue = (struct job_queue){.count = 0};
    TAILQ_INIT(&queue->jobs);
    LIST_INIT(&queue->holds);
}

void job_queue_free(struct job_queue *queue)
{
    bug_on(queue->count);
    heap_free(&queue->passed);
    heap_free(&queue->passed_held);
}

static void joined(struct job_queue *queue, struct job *job)
{
    job_set_place(job, JOB_IN_LINE);
    queue->count++;
    if (!job->source)
        return;
    job->source->queued++;
    queue->held += job->source->held;
}

static void parted(struct job_queue *queue, struct job *job)
{
    job_set_place(job, JOB_NOWHERE);
    queue->count--;
    if (!job->source)
        return;
    job->source->queued--;
    queue->held -= job->source->held;
}

void job_queue_put(struct job_queue *queue, struct job *job)
{
    job_set_state(job, JOB_WAITING);
    TAILQ_INSERT_TAIL(&queue->jobs, job, links.waiting);
    joined(queue, job);
    if (queue->count > queue->max_seen)
        queue->max_seen = queue->count;
}

/* Before the first younger job of the list, looked for from `after` on. */
static void insert(struct job_list *list, struct job *after, struct job *job)
{
    while (after && after->seq < job->seq)
        after = TAILQ_NEXT(after, links.waiting);
    if (after)
        TAILQ_INSERT_BEFORE(after, job, links.waiting);
    else
        TAILQ_INSERT_TAIL(list, job, links.waiting);
}

void job_queue_return(struct job_queue *queue, struct job *job)
{
    struct job *after = TAILQ_FIRST(&queue->jobs);
    if (queue->returned && queue->returned->seq < job->seq)
        after = TAILQ_NEXT(queue->returned, links.waiting);
    if (job->state != JOB_WAITING)
        job_set_state(job, JOB_WAITING);
    insert(&queue->jobs, after, job);
    joined(queue, job);
    queue->returned = job;
}

/* --- passed jobs --- */

static struct job *first_passed(const struct heap *heap)
{
    const struct job_queue_hold *hold = (const struct job_queue_hold *)heap_first(heap);
    return hold ? TAILQ_FIRST(&hold->passed) : NULL;
}

/* The first passed job of a source is its source's place in the heap. */
static void place_source(struct job_queue *queue, struct job_source *source)
{
    struct job_queue_hold *hold = source->hold;
    struct heap *heap = source->held ? &queue->passed_held : &queue->passed;
    const struct job *first = TAILQ_FIRST(&hold->passed);
    if (first) {
        heap_set(heap, &hold->node, first->seq);
        return;
    }
    heap_remove(heap, &hold->node);
    if (source->held)
        return;
    source->hold = NULL;
    free(hold);
}

/* A job back from a worker may be older than all passed ones. Then its place is near the beginning
 * of their list. */
static void pass(struct job_queue *queue, struct job *job)
{
    struct job_list *list = &job->source->hold->passed;
    const struct job *last = TAILQ_LAST(list, job_list);
    if (queue->returned == job)
        queue->returned = NULL; /* it was the first */
    TAILQ_REMOVE(&queue->jobs, job, links.waiting);
    job_set_place(job, JOB_PASSED);
    insert(list, last && last->seq > job->seq ? TAILQ_FIRST(list) : NULL, job);
    if (TAILQ_FIRST(list) == job)
        place_source(queue, job->source);
}

void job_queue_remove(struct job_queue *queue, struct job *job)
{
    bool passed = job->run.place == JOB_PASSED;
    bug_on(!passed && job->run.place != JOB_IN_LINE);
    parted(queue, job);
    if (passed) {
        TAILQ_REMOVE(&job->source->hold->passed, job, links.waiting);
        place_source(queue, job->source);
        return;
    }
    if (queue->returned == job)
        queue->returned = TAILQ_PREV(job, job_list, links.waiting);
    TAILQ_REMOVE(&queue->jobs, job, links.waiting);
}

static struct job_queue_hold *new_hold(struct job_source *source)
{
    struct job_queue_hold *hold = xcalloc(1, sizeof *hold);
    TAILQ_INIT(&hold->passed);
    hold->source = source;
    return hold;
}

void job_queue_hold(struct job_queue *queue, struct job_source *source)
{
    if (source->held)
        return;
    if (!source->hold)
        source->hold = new_hold(source);
    heap_remove(&queue->passed, &source->hold->node);
    source->held = true;
    queue->held += source->queued;
    LIST_INSERT_HEAD(&queue->holds, source->hold, link);
    place_source(queue, source);
}

void job_queue_release(struct job_queue *queue, struct job_source *source)
{
    if (!source->held)
        return;
    heap_remove(&queue->passed_held, &source->hold->node);
    source->held = false;
    queue->held -= source->queued;
    LIST_REMOVE(source->hold, link);
    place_source(queue, source);
}

/* --- looking --- */

size_t job_queue_count(const struct job_queue *queue)
{
    return queue->count;
}

size_t job_queue_ready(const struct job_queue *queue)
{
    return queue->count - queue->held;
}

/* Either may be NULL. */
static struct job *older(struct job *a, struct job *b)
{
    if (!a || !b)
        return a ? a : b;
    return a->seq < b->seq ? a : b;
}

static struct job *first_beside_held(struct job_queue *queue)
{
    struct job *first, *passed = first_passed(&queue->passed);
    int n = 0;
    while ((first = TAILQ_FIRST(&queue->jobs)) && first->source && first->source->held) {
        if (n++ == PASS_MAX) /* a job behind it may be older than a passed one */
            return passed && passed->seq < first->seq ? passed : NULL;
        pass(queue, first);
    }
    return older(first, passed);
}

struct job *job_queue_first(struct job_queue *queue)
{
    if (!queue->held && !queue->passed.count) /* mostly */
        return TAILQ_FIRST(&queue->jobs);
    return first_beside_held(queue);
}

const struct job *job_queue_oldest(const struct job_queue *queue)
{
    return older(TAILQ_FIRST(&queue->jobs),
                 older(first_passed(&queue->passed), first_passed(&queue->passed_held)));
}
