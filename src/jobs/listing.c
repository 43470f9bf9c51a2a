/* listing: see listing.h. */
#include "jobs/listing.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS = 2 };

void listing_begin(struct listing *listing, bool waiting_first)
{
    *listing = (struct listing){.waiting_first = waiting_first};
}

void listing_end(struct listing *listing)
{
    job_queue_cursor_clear(&listing->cursor);
    listing->step = STEPS;
}

/* --- the page --- */

static bool is_full(const struct listing_page *page)
{
    return page->count == page->limit || page->looks >= LISTING_LOOKS;
}

/* Jobs to be gathered are looked at all together, or not in this call. A call begins with any
 * number, so that each gets on. */
static bool charge(struct listing_page *page, size_t looks)
{
    if (page->looks && page->looks + looks > LISTING_LOOKS)
        return false;
    page->looks += looks;
    return true;
}

static bool is_of_owner(const struct job *job, const char *owner)
{
    return job_owner(job) && strcmp(job_owner(job), owner) == 0;
}

/* A job whose source is gone is about to be dropped, unless it runs. */
static bool is_wanted(const struct listing_filter *filter, const struct job *job)
{
    if (job->state == JOB_WAITING && (!job->source || job->source->gone))
        return false;
    return filter->states >> job->state & 1 &&
           (!filter->last_seq || job->seq <= filter->last_seq) &&
           (!filter->client || (job->source && job->source->number == filter->client)) &&
           (!filter->module || strcmp(job->asked.module->name, filter->module) == 0) &&
           (!filter->owner || is_of_owner(job, filter->owner));
}

static void add(struct listing_page *page, const struct listing_filter *filter, struct job *job)
{
    if (is_wanted(filter, job))
        page->jobs[page->count++] = job;
}

/* --- jobs gathered and sorted --- */

struct gathered {
    struct job **jobs;
    size_t count;
};

static void gather(struct gathered *gathered, struct job *job)
{
    if (job)
        gathered->jobs[gathered->count++] = job;
}

static int by_order(const void *a, const void *b)
{
    const struct job *left = *(struct job *const *)a, *right = *(struct job *const *)b;
    return (left->run.order > right->run.order) - (left->run.order < right->run.order);
}

static int by_seq(const void *a, const void *b)
{
    const struct job *left = *(struct job *const *)a, *right = *(struct job *const *)b;
    return (left->seq > right->seq) - (left->seq < right->seq);
}

/* --- running jobs --- */

static void gather_running(struct gathered *gathered, const struct dispatcher *d)
{
    static const enum worker_state states[] = {WORKER_BUSY, WORKER_STOPPING};
    const struct worker *worker;
    gathered->jobs = xcalloc(d->running + 1, sizeof(struct job *));
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        TAILQ_FOREACH (worker, &d->pool.lists[states[i]], link)
            gather(gathered, worker->job);
    qsort(gathered->jobs, gathered->count, sizeof(struct job *), by_order);
}

/* Returns whether the pool has no more. */
static bool read_running(struct listing *listing, const struct dispatcher *d,
                         const struct listing_filter *filter, struct listing_page *page)
{
    struct gathered running = {0};
    size_t i;
    if (!charge(page, d->running))
        return false;
    gather_running(&running, d);
    for (i = 0; i < running.count && page->count < page->limit; i++) {
        if (running.jobs[i]->run.order <= listing->seen)
            continue;
        listing->seen = running.jobs[i]->run.order;
        add(page, filter, running.jobs[i]);
    }
    free(running.jobs);
    return i == running.count;
}

/* --- waiting jobs --- */

/* Those outside the line: prefetched, or set aside. */
static void gather_others(struct gathered *gathered, const struct dispatcher *d)
{
    struct job *job;
    size_t most = d->line.prefetched_count + d->aside.count;
    gathered->jobs = xcalloc(most + 1, sizeof(struct job *));
    TAILQ_FOREACH (job, &d->line.prefetched, links.prefetched)
        gather(gathered, job);
    TAILQ_FOREACH (job, &d->aside.jobs, links.waiting)
        gather(gathered, job);
    qsort(gathered->jobs, gathered->count, sizeof(struct job *), by_seq);
}

/* The next job of the line that was not seen. Seen ones may have come back, or been passed. */
static struct job *next_in_line(struct listing *listing, struct listing_page *page)
{
    struct job *job;
    while ((job = job_queue_cursor_next(&listing->cursor)) && job->seq <= listing->seen &&
           page->looks < LISTING_LOOKS) {
        job_queue_cursor_move(&listing->cursor, job);
        page->looks++;
    }
    return job;
}

/* Takes the next waiting job, be it in the line or among the others, at `*at`; NULL if there is
 * none. */
static struct job *next_waiting(struct listing *listing, const struct gathered *others, size_t *at,
                                struct listing_page *page)
{
    struct job *job = next_in_line(listing, page);
    while (*at < others->count && others->jobs[*at]->seq <= listing->seen)
        ++*at;
    struct job *other = *at < others->count ? others->jobs[*at] : NULL;
    if (other && (!job || other->seq < job->seq)) {
        ++*at;
        return other;
    }
    if (job) {
        job_queue_cursor_move(&listing->cursor, job);
        page->looks++;
    }
    return job;
}

static bool walk(struct listing *listing, const struct gathered *others,
                 const struct listing_filter *filter, struct listing_page *page)
{
    struct job *job;
    size_t at = 0;
    while (!is_full(page)) {
        if (!(job = next_waiting(listing, others, &at, page)))
            return true;
        if (job->seq <= listing->seen)
            continue;
        listing->seen = job->seq;
        add(page, filter, job);
    }
    return false;
}

/* Half of the looks are left for the line, so that each call gets on. More others need thousands of
 * workers, each with a window of short jobs. */
static size_t looks_at_others(const struct dispatcher *d)
{
    size_t others = d->line.prefetched_count + d->aside.count;
    return others < LISTING_LOOKS / 2 ? others : LISTING_LOOKS / 2;
}

/* Returns whether the pool has no more. */
static bool read_waiting(struct listing *listing, struct dispatcher *d,
                         const struct listing_filter *filter, struct listing_page *page)
{
    struct gathered others = {0};
    if (!charge(page, looks_at_others(d)))
        return false;
    gather_others(&others, d);
    if (listing->cursor.queue != &d->line.queue)
        job_queue_cursor_set(&listing->cursor, &d->line.queue);
    bool all = walk(listing, &others, filter, page);
    job_queue_cursor_pin(&listing->cursor);
    free(others.jobs);
    return all;
}

/* --- from pool to pool --- */

static struct dispatcher *pool_behind(const struct pools *pools, const char *name)
{
    struct dispatcher *d, *next = NULL;
    POOLS_EACH (d, pools)
        if (strcmp(d->name, name) > 0 && (!next || strcmp(d->name, next->name) < 0))
            next = d;
    return next;
}

static struct dispatcher *next_pool(const struct listing *listing, const struct pools *pools,
                                    const struct listing_filter *filter)
{
    if (!filter->pool)
        return pool_behind(pools, listing->pool);
    return *listing->pool ? NULL : pools_named(pools, filter->pool);
}

/* Behind the last pool the next step begins. */
static void go_to(struct listing *listing, const struct dispatcher *d)
{
    job_queue_cursor_clear(&listing->cursor);
    listing->seen = 0;
    if (!d)
        listing->step++;
    memset(listing->pool, 0, sizeof listing->pool);
    if (d)
        memcpy(listing->pool, d->name, sizeof listing->pool);
}

static bool reads_waiting(const struct listing *listing)
{
    return (listing->step == 0) == listing->waiting_first;
}

static bool read_pool(struct listing *listing, struct dispatcher *d,
                      const struct listing_filter *filter, struct listing_page *page)
{
    if (reads_waiting(listing))
        return !(filter->states & LISTING_WAITING) || read_waiting(listing, d, filter, page);
    return !(filter->states & (LISTING_RUNNING | LISTING_STOPPING)) ||
           read_running(listing, d, filter, page);
}

bool listing_read(struct listing *listing, const struct pools *pools,
                  const struct listing_filter *filter, struct listing_page *page)
{
    page->count = page->looks = 0;
    while (listing->step < STEPS) {
        struct dispatcher *d = pools_named(pools, listing->pool);
        if (d && !read_pool(listing, d, filter, page))
            return true;
        go_to(listing, next_pool(listing, pools, filter));
    }
    return false;
}
