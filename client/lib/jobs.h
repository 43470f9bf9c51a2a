/* jobs: the submits of a connection that have not ended. Ids only grow and jobs end nearly in the
 * order in which they went, so a sorted array that is taken from at the front does all a table
 * would, and the move that closes a gap is short. */
#ifndef TASKMASTER_CLIENT_LIB_JOBS_H
#define TASKMASTER_CLIENT_LIB_JOBS_H

#include <stddef.h>
#include <stdint.h>

struct tmc_job {
    uint64_t id;
    void *user;
    unsigned came; /* the events that came: 1 << TM_CLIENT_EVENT_... */
};

/* Zeroed: empty. */
struct tmc_jobs {
    struct tmc_job *items; /* owned; from start on, `count` of them, by id */
    size_t start, count, capacity;
};

void tmc_jobs_free(struct tmc_jobs *jobs);

/* Room for one more. 0, or -1 if there is no memory. */
int tmc_jobs_reserve(struct tmc_jobs *jobs);

/* `id` is larger than all before; tmc_jobs_reserve() made room. */
void tmc_jobs_add(struct tmc_jobs *jobs, uint64_t id, void *user);

/* NULL if no such job is in flight. Valid until the next change. */
struct tmc_job *tmc_jobs_find(const struct tmc_jobs *jobs, uint64_t id);

/* `job` comes from tmc_jobs_find(). */
void tmc_jobs_remove(struct tmc_jobs *jobs, const struct tmc_job *job);

#endif
