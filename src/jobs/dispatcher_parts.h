/*
 * dispatcher_parts: the state of the dispatcher's parts, a struct for each.
 *
 * dispatcher_init() sets them up. Then only the file of a part writes its struct, and the other
 * files use the part's functions (dispatcher_internal.h).
 */
#ifndef TASKMASTER_JOBS_DISPATCHER_PARTS_H
#define TASKMASTER_JOBS_DISPATCHER_PARTS_H

#include "base/log_episode.h"
#include "base/payload.h"
#include "base/timers.h"
#include "common/limits.h"
#include "jobs/job.h"
#include "jobs/pool.h"
#include "jobs/queue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dispatcher;
struct dispatch_shared;

/* The next scheduling pass (schedule.c). */
struct dispatch_pass {
    SLIST_ENTRY(dispatcher) link; /* in the list of pools to look at, while `listed` */
    bool listed;
    unsigned touched;        /* bits of the parts to look at */
    struct worker *answered; /* may be handed its next jobs early; NULL: none */
    struct timer more;       /* set: the line is served and the pool grows on in a later turn */
};

/* A rate, a batch at a time (pace.c). */
struct dispatch_pace {
    uint64_t since_us; /* the beginning of the last batch */
    uint32_t count;    /* of the last batch */
};

/* The places of waiting jobs (line.c). */
struct dispatch_line {
    struct job_queue queue;
    struct job_list prefetched; /* jobs handed early to busy workers, by order */
    size_t prefetched_count;
};

/* Waiting jobs for fresh workers (aside.c). */
struct dispatch_aside {
    struct job_list jobs;
    size_t count;
    size_t leaving;       /* so many of them, the first ones, go back to the line */
    struct timer trial;   /* set: a fresh worker has just been given one of these jobs */
    struct timer release; /* set: the next batch goes back in the next turn */
};

/* Sources with unread output (hold.c). */
struct dispatch_hold {
    const struct payload_budget *output; /* is charged with all unread output; may be NULL */
    uint64_t free;   /* bytes that any source may leave unread, whatever the others do */
    uint64_t coming; /* bytes of results expected from all jobs with workers */
    LIST_HEAD(, job_source) sources; /* all held ones */
};

enum { DISPATCH_WHY_MAX = 256 }; /* why a worker did not start, as text */

/* Starting workers, and the pauses while starts fail (start_workers.c). */
struct dispatch_starts {
    uint32_t failures;            /* in a row */
    char error[DISPATCH_WHY_MAX]; /* of the last failure */
    uint64_t random;              /* state of the jitter */
    struct timer pause;           /* set: no worker is started until the timer fires */
    struct timer ok; /* set: a worker got ready after failures; fires if no start fails meanwhile */
    struct log_episode exhausted; /* all workers are busy, and jobs wait */
};

/* Replacing all workers after a reload (renew.c). */
struct dispatch_renewal {
    uint32_t reloads; /* workers started before the last reload are old */
    uint32_t renewed; /* the last reload behind which a new worker got ready */
    bool told_held;   /* no worker got ready since the last reload, and the log was told */
};

/* Telling workers to end (retire.c). */
struct dispatch_retiring {
    struct timer timer; /* set: when the next batch is told */
};

/* Workers not needed for long (idle.c). */
struct dispatch_idle {
    struct timer timer; /* set: when to look for the next one */
};

/* Leaving tiny jobs to busy workers (tiny.c). */
struct dispatch_tiny {
    struct timer recall;        /* set: jobs wait though workers are idle */
    uint64_t distrust_until_us; /* no line is left to busy workers until then */
};

/* Jobs that wait too long (expiry.c). */
struct dispatch_expiry {
    uint32_t limit_ms; /* the least of the pool's and the top level's; 0: none */
};

/* When they are due (wait.c). */
struct dispatch_wait {
    struct timer timer; /* set: when the first waiting job expires, or earlier */
    uint64_t next_us;   /* its time */
    struct heap own;    /* jobs with limits of their own, by the time when they expire */
};

/* A removed pool (removal.c). */
struct dispatch_removal {
    bool removed;
    struct timer empty; /* set: no job and no worker is left */
};

/* Jobs that their workers do not begin (begin.c). */
struct dispatch_begin {
    struct timer watch; /* set: when to look at the workers */
};

/* Failing waiting jobs (fail_waiting.c). */
struct dispatch_failing {
    struct timer unavailable; /* set: jobs wait, and no worker lives */
    struct timer next;        /* set: the next batch fails in the next turn */
    size_t left;              /* jobs of the line, yet to fail */
    bool aside;               /* jobs that are set aside fail, too */
    enum fail_reason reason;
    char message[MESSAGE_MAX];
};

#endif
