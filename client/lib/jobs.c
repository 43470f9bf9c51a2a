/* jobs: see jobs.h. */
#include "jobs.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MIN = 16 };

void tmc_jobs_free(struct tmc_jobs *jobs)
{
    for (size_t i = 0; i < jobs->count; i++)
        free(jobs->items[jobs->start + i].kept);
    free(jobs->items);
    memset(jobs, 0, sizeof *jobs);
}

int tmc_jobs_reserve(struct tmc_jobs *jobs)
{
    if (jobs->start + jobs->count < jobs->capacity)
        return 0;
    /* With at least half free, a move costs at most one step per job. */
    if (jobs->start > 0 && jobs->start >= jobs->capacity / 2) {
        memmove(jobs->items, jobs->items + jobs->start, jobs->count * sizeof *jobs->items);
        jobs->start = 0;
        return 0;
    }
    size_t capacity = jobs->capacity ? jobs->capacity * 2 : CAPACITY_MIN;
    struct tmc_job *items = reallocarray(jobs->items, capacity, sizeof *items);
    if (!items)
        return -1;
    jobs->items = items;
    jobs->capacity = capacity;
    return 0;
}

static size_t kept_size(const struct tmc_kept *kept)
{
    return kept ? sizeof *kept + kept->head_len + kept->size : 0;
}

void tmc_jobs_add(struct tmc_jobs *jobs, const struct tmc_job *job)
{
    jobs->items[jobs->start + jobs->count++] = *job;
    jobs->kept_bytes += kept_size(job->kept);
}

static int compare(const void *key, const void *item)
{
    uint64_t id = *(const uint64_t *)key;
    const struct tmc_job *job = item;
    return id < job->id ? -1 : id > job->id;
}

struct tmc_job *tmc_jobs_find(const struct tmc_jobs *jobs, uint64_t id)
{
    if (jobs->count == 0)
        return NULL;
    return bsearch(&id, jobs->items + jobs->start, jobs->count, sizeof *jobs->items, compare);
}

void tmc_jobs_drop_kept(struct tmc_jobs *jobs, struct tmc_job *job)
{
    jobs->kept_bytes -= kept_size(job->kept);
    free(job->kept);
    job->kept = NULL;
}

struct tmc_job *tmc_jobs_first(const struct tmc_jobs *jobs)
{
    return jobs->count ? jobs->items + jobs->start : NULL;
}

void tmc_jobs_remove(struct tmc_jobs *jobs, struct tmc_job *job)
{
    struct tmc_job *first = jobs->items + jobs->start;
    tmc_jobs_drop_kept(jobs, job);
    size_t before = (size_t)(job - first), after = jobs->count - before - 1;
    jobs->count--;
    if (before <= after) {
        memmove(first + 1, first, before * sizeof *first);
        jobs->start++;
    } else {
        memmove(first + before, first + before + 1, after * sizeof *first);
    }
    if (jobs->count == 0)
        jobs->start = 0;
}
