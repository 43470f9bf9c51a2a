/*
 * worker_end: why a worker ends.
 *
 * A wish ends a worker between two jobs, and costs none of them. A worker with a wish serves on
 * until its turn has come (recycle.c). The other reasons end the worker at once, or have ended it
 * already.
 */
#ifndef TASKMASTER_JOBS_WORKER_END_H
#define TASKMASTER_JOBS_WORKER_END_H

#include <stdbool.h>

enum worker_end {
    END_UNDECIDED,
    /* Wishes. Others stand for the worker: the first five are recycling. */
    END_MAX_JOBS, /* it has done worker-max-jobs */
    END_MAX_RSS,  /* it is larger than worker-max-rss */
    END_RELOAD,   /* the settings are others, or name its pool no more */
    END_RECYCLE,  /* by request */
    END_REFUSED,  /* it cannot begin jobs */
    END_IDLE,     /* it was over pool-start and idle for long */
    END_RESIZE,   /* the pool has become smaller */
    /* The others: */
    END_DRAIN,  /* the server ends */
    END_DEAD,   /* it does not answer */
    END_KILLED, /* by request, or for its job's sake */
    END_SIGNAL, /* by a signal not from us */
    END_EXIT,   /* by itself */
    WORKER_ENDS
};

/* "max-jobs" and so on; NULL for END_UNDECIDED. */
const char *worker_end_name(enum worker_end end);

static inline bool worker_end_is_wish(enum worker_end end)
{
    return end >= END_MAX_JOBS && end <= END_RESIZE;
}

static inline bool worker_end_is_recycling(enum worker_end end)
{
    return end >= END_MAX_JOBS && end <= END_REFUSED;
}

#endif
