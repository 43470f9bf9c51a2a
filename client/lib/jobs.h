/* jobs: the unfinished submits and requests of a connection, in an array sorted by id. Ids only
 * grow, and jobs end nearly in the order of their submits. So most removals are at the front, and
 * the move to close a gap is short. Calls nobody. */
#ifndef TASKMASTER_CLIENT_LIB_JOBS_H
#define TASKMASTER_CLIENT_LIB_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tmc_event;

/* A submit as it was sent, for another server. */
struct tmc_kept {
    size_t head_len, size; /* of the header and of the payload */
    int again;             /* so often it was sent again */
    char bytes[];          /* both */
};

/* Sets of events are bits, 1 << TM_CLIENT_EVENT_..., ored. */
struct tmc_job {
    uint64_t id;
    void *user;
    bool is_request; /* the first event with its id answers it */
    unsigned wanted; /* events that may come more than once, as far as they were asked for */
    unsigned last;   /* events ending this job, besides those ending every job */
    unsigned came;   /* events received */

    struct tmc_kept *kept;     /* owned; NULL: not to be sent again, or begun */
    struct tmc_event *refusal; /* owned; never begun, as the server ends; NULL: none */
};

/* Zeroed: empty. */
struct tmc_jobs {
    struct tmc_job *items; /* owned; `count` of them from `start` on, by id */
    size_t start, count, capacity;
    size_t kept_bytes; /* of all `kept` */
};

void tmc_jobs_free(struct tmc_jobs *jobs);

/* Makes room for one more job. Returns 0, or -1 without memory. */
int tmc_jobs_reserve(struct tmc_jobs *jobs);

/* Adds a job with an id larger than all before, into the room of tmc_jobs_reserve(). */
void tmc_jobs_add(struct tmc_jobs *jobs, const struct tmc_job *job);

/* Returns NULL if no such job is in flight. Valid until the next change. */
struct tmc_job *tmc_jobs_find(const struct tmc_jobs *jobs, uint64_t id);

/* `job` comes from tmc_jobs_find(). Frees its `kept`; its `refusal` was taken. */
void tmc_jobs_remove(struct tmc_jobs *jobs, struct tmc_job *job);

/* The job is not to be sent again. */
void tmc_jobs_drop_kept(struct tmc_jobs *jobs, struct tmc_job *job);

/* Returns the first job; the others follow, `jobs->count` in all. NULL without a job. */
struct tmc_job *tmc_jobs_first(const struct tmc_jobs *jobs);

#endif
