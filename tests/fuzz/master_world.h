/* master_world: the state of one run of fuzz_master, shared by its parts. */
#ifndef TASKMASTER_FUZZ_MASTER_WORLD_H
#define TASKMASTER_FUZZ_MASTER_WORLD_H

#include "jobs/pools.h"

enum {
    CLIENTS = 3, /* sources that go */
    SOURCES = 5, /* the last two last: one of detached jobs, one of a service */
    MODULES = 3,
    POOLS = 3,
    JOBS_MAX = 300,
    UNREAD_MAX = 100000, /* bytes; above this a source is held */
    OUTPUT_MAX = 400000, /* bytes; a service with more than half of this unread is full */
};

/* --- jobs and their sources --- */

enum { SEEN_ACCEPTED = 1, SEEN_STARTED = 2, SEEN_END = 4, SEEN_LEFT = 8 };

struct known_job {
    struct job *job; /* NULL once it has left its source */
    struct source *source;
    unsigned seen;
    uint64_t parts;       /* told so far */
    unsigned ends, downs; /* news of its end, for each reader (master_news.c) */
    bool notify_accepted, notify_started;
    bool handed;     /* to some worker, at least once */
    bool prefetched; /* the last time: handed to a busy worker */
    bool begun;      /* by its latest worker */
};

struct source {
    struct job_source source; /* first */
    bool ended, leaving, used;
};

extern struct pools pools;
extern struct timers timers;
extern struct payload_budget budget;
extern struct module_entry modules[MODULES];
extern struct source sources[SOURCES];
extern struct known_job known[JOBS_MAX + 1]; /* by the job's sequence number */
extern struct job_settings limits;           /* in force */
extern struct pool_size highest;             /* of any pool since the start */

#endif
