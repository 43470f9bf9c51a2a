/*
 * queue_world: what fuzz_queue and its parts share: the keep, its store in memory, the clock, and
 * what is known of each job.
 */
#ifndef TASKMASTER_FUZZ_QUEUE_WORLD_H
#define TASKMASTER_FUZZ_QUEUE_WORLD_H

#include "queue/clients/clients.h"
#include "tests/unit/queue/kept/fake_engine.h"

#include <stdbool.h>
#include <stdint.h>

enum { BOOK_JOBS = 2000 }; /* numbers of jobs in one input */

/* A job, by its number. */
struct book_job {
    bool accepted;  /* a client was told so */
    bool ended;     /* its end was written, and no retry since */
    bool has_ended; /* its end was written once at least */
};

extern struct timers timers;
extern struct payload_budget budget, output;
extern struct engine *engine; /* of the running process */
extern struct keep *keep;
extern struct queue_clients clients;
extern uint64_t clock_now_us;
extern struct book_job book[BOOK_JOBS];

/* The job with the name "q17"; NULL: the text is none. */
struct book_job *book_named(const char *name);

#endif
