/* job_queue: see queue.h. */
#include "jobs/queue.h"

#include "common/log.h"
#include "common/xmalloc.h"
#include "jobs/queue_cursor.h"

#include <stdlib.h>
#include <string.h>

enum { PASS_MAX = 1000 }; /* jobs passed in one call */

void job_queue_init(struct job_queue *queue, uint32_t number)
{
    *queue = (struct job_queue){.number = number};
    TAILQ_INIT(&queue->jobs);
    TAILQ_INIT(&queue->passed_jobs);
    LIST_INIT(&queue->cursors);
}

void job_queue_free(struct job_queue *queue)
{
    bug_on(queue->count);
    job_queue_cursors_end(queue);
    heap_free(&queue->passed);
    heap_free(&queue->passed_held);
}

/* --- the stands of a source --- */

static void make_room(struct job_source *source, size_t count)
{
    size_t before = source->others_count;
    if (count <= before)
        return;
    source->others = xrealloc(source->others, count * sizeof *source->others);
    memset(source->others + before, 0, (count - before) * sizeof *source->others);
    source->others_count = count;
}

static struct job_stand *other_stand(struct job_queue *queue, struct job_source *source)
{
    make_room(source, queue->number);
    return &source->others[queue->number - 1];
}

static inline struct job_stand *stand_in(struct job_queue *queue, struct job_source *source)
{
    struct job_stand *stand = queue->number ? other_stand(queue, source) : &source->first;
    stand->queue = queue; /* with other jobs no other line has the number */
    return stand;
}

struct job_stand *job_queue_stand(struct job_source *source, size_t n)
{
    if (n > source->others_count)
        return NULL;
    return n ? &source->others[n - 1] : &source->first;
}

void job_queue_forget(struct job_source *source)
{
    bug_on(source->queued);
    free(source->others);
    source->others = NULL;
    source->others_count = 0;
}

/* --- joining and leaving --- */

static inline void joined(struct job_queue *queue, struct job *job)
{
    job_set_place(job, JOB_IN_LINE);
    queue->count++;
    if (!job->source)
        return;
    stand_in(queue, job->source)->queued++;
    job->source->queued++;
    queue->held += job->source->held;
}

static inline void parted(struct job_queue *queue, struct job *job)
{
    job_set_place(job, JOB_NOWHERE);
    queue->count--;
    if (!job->source)
        return;
    stand_in(queue, job->source)->queued--;
    job->source->queued--;
    queue->held -= job->source->held;
}

void job_queue_put(struct job_queue *queue, struct job *job)
{
    job_set_state(job, JOB_WAITING);
    job_queue_give_ticket(queue, job);
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
    const struct job_queue_passed *passed = (const struct job_queue_passed *)heap_first(heap);
    return passed ? TAILQ_FIRST(&passed->jobs) : NULL;
}

static struct heap *heap_of(struct job_queue *queue, const struct job_source *source)
{
    return source->held ? &queue->passed_held : &queue->passed;
}

static struct job_queue_passed *passed_of(struct job_stand *stand)
{
    if (stand->passed)
        return stand->passed;
    stand->passed = xcalloc(1, sizeof *stand->passed);
    TAILQ_INIT(&stand->passed->jobs);
    return stand->passed;
}

/* Among all passed jobs. Mostly the job is the youngest. The place of one back from a worker is
 * looked for from both sides: from its neighbours in its own list, as very many others may stand
 * around. */
static void join_passed(struct job_queue *queue, struct job *job)
{
    struct job_list *list = &queue->passed_jobs;
    struct job *own_before = TAILQ_PREV(job, job_list, links.waiting),
               *own_behind = TAILQ_NEXT(job, links.waiting);
    struct job *before = own_behind ? TAILQ_PREV(own_behind, job_list, links.passed)
                                    : TAILQ_LAST(list, job_list),
               *behind = own_before ? TAILQ_NEXT(own_before, links.passed) : TAILQ_FIRST(list);
    while (before && before->seq > job->seq && behind->seq < job->seq) {
        before = TAILQ_PREV(before, job_list, links.passed);
        behind = TAILQ_NEXT(behind, links.passed);
    }
    if (!before)
        TAILQ_INSERT_HEAD(list, job, links.passed);
    else if (before->seq < job->seq)
        TAILQ_INSERT_AFTER(list, before, job, links.passed);
    else
        TAILQ_INSERT_BEFORE(behind, job, links.passed);
}

/* Before the job leaves its list. */
static inline void unpin(struct job_queue *queue, struct job *job)
{
    if (job->run.pinned)
        job_queue_cursors_leave(queue, job);
}

/* A job back from a worker may be older than all passed ones. Then its place is near the beginning
 * of their list. */
static void pass(struct job_queue *queue, struct job *job)
{
    struct job_queue_passed *passed = passed_of(stand_in(queue, job->source));
    const struct job *last = TAILQ_LAST(&passed->jobs, job_list);
    if (queue->returned == job)
        queue->returned = NULL; /* it was the first */
    unpin(queue, job);
    TAILQ_REMOVE(&queue->jobs, job, links.waiting);
    job_set_place(job, JOB_PASSED);
    insert(&passed->jobs, last && last->seq > job->seq ? TAILQ_FIRST(&passed->jobs) : NULL, job);
    join_passed(queue, job);
    queue->passed_count++;
    if (TAILQ_FIRST(&passed->jobs) == job)
        heap_set(heap_of(queue, job->source), &passed->node, job->seq);
}

static void remove_passed(struct job_queue *queue, struct job *job)
{
    struct heap *heap = heap_of(queue, job->source);
    struct job_stand *stand = stand_in(queue, job->source);
    TAILQ_REMOVE(&queue->passed_jobs, job, links.passed);
    queue->passed_count--;
    TAILQ_REMOVE(&stand->passed->jobs, job, links.waiting);
    const struct job *first = TAILQ_FIRST(&stand->passed->jobs);
    if (first) {
        heap_set(heap, &stand->passed->node, first->seq);
        return;
    }
    heap_remove(heap, &stand->passed->node);
    free(stand->passed);
    stand->passed = NULL;
}

void job_queue_remove(struct job_queue *queue, struct job *job)
{
    bool passed = job->run.place == JOB_PASSED;
    bug_on(!passed && job->run.place != JOB_IN_LINE);
    unpin(queue, job);
    parted(queue, job);
    if (passed) {
        remove_passed(queue, job);
        return;
    }
    if (queue->returned == job)
        queue->returned = TAILQ_PREV(job, job_list, links.waiting);
    TAILQ_REMOVE(&queue->jobs, job, links.waiting);
}

static void move_passed(struct job_stand *stand, struct heap *from, struct heap *to)
{
    if (!stand->passed)
        return;
    heap_remove(from, &stand->passed->node);
    heap_set(to, &stand->passed->node, TAILQ_FIRST(&stand->passed->jobs)->seq);
}

void job_queue_hold(struct job_source *source)
{
    struct job_stand *stand;
    bug_on(source->held);
    source->held = true;
    for (size_t n = 0; (stand = job_queue_stand(source, n)); n++)
        if (stand->queued) {
            stand->queue->held += stand->queued;
            move_passed(stand, &stand->queue->passed, &stand->queue->passed_held);
        }
}

void job_queue_release(struct job_source *source)
{
    struct job_stand *stand;
    bug_on(!source->held);
    source->held = false;
    for (size_t n = 0; (stand = job_queue_stand(source, n)); n++)
        if (stand->queued) {
            stand->queue->held -= stand->queued;
            move_passed(stand, &stand->queue->passed_held, &stand->queue->passed);
        }
}

/* --- looking --- */

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

struct job *job_queue_oldest(const struct job_queue *queue)
{
    return older(TAILQ_FIRST(&queue->jobs),
                 older(first_passed(&queue->passed), first_passed(&queue->passed_held)));
}

/* Tickets grow with seq. Jobs older than a passed one may be in either list: some have come back
 * from workers. */
size_t job_queue_position(const struct job_queue *queue, const struct job *job)
{
    bool passed = job->run.place == JOB_PASSED;
    const struct job *first = passed ? job_queue_oldest(queue) : TAILQ_FIRST(&queue->jobs);
    size_t most = job->ticket - first->ticket + (passed ? 0 : queue->passed_count);
    return most < queue->count ? most : queue->count - 1;
}
