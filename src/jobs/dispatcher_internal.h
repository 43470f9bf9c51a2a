/*
 * dispatcher_internal: the dispatcher's own files share this.
 *
 * A function's name is dispatch_, the first word of its file, and a verb: dispatch_renew_is_old()
 * is in renew.c. A few helpers without a file are inline in dispatcher_helpers.h.
 *
 * Each file calls only the files below it in this list:
 *
 *     dispatcher    the public calls and the timers
 *     shared        what all pools have in common
 *     sources       the public calls about all jobs of a source
 *     schedule      the pass at the end of each public call
 *     pause         a pool that begins no job
 *     drain         the end of the server: jobs and workers end
 *     removal       a pool that no setting names any more
 *     cancel        ending a job at a client's wish
 *     outcome       a worker is ready, has answered, or is lost
 *     admit         a submit: begin, wait or be refused
 *     deadlines     the timers of workers
 *     expiry        jobs that wait too long
 *     begin         jobs that their workers do not begin
 *     life          pings, dead workers, and those alive again
 *     fail_waiting  waiting jobs without hope of a worker
 *     refusal       workers unable to begin a job
 *     prefetch      a busy worker's next jobs, handed early
 *     assign        from the line to the workers
 *     start_workers growing the pool
 *     tiny          jobs too short to wake a worker for
 *     renew         replacing all workers after a reload
 *     idle          workers not needed for long
 *     recycle       replacing workers between their jobs
 *     resize        a smaller pool
 *     stop          stopping a running job
 *     retire        telling workers to end
 *     breaker       jobs of a module with an open breaker
 *     reclaim       unbegun jobs, taken away from their workers
 *     line          the places of waiting jobs
 *     aside         waiting jobs for fresh workers
 *     end           the end of each job
 *     progress      reports of running jobs
 *     stream        parts of running jobs
 *     hold          sources with unread output
 *     wait          when jobs have waited too long
 *     pace          the rate of starts and ends
 *     news          readers of events beside the sources
 *
 * The files below schedule only change the state, and touch the parts for the next pass to look
 * at. Only dispatcher.c calls dispatch_schedule().
 */
#ifndef TASKMASTER_JOBS_DISPATCHER_INTERNAL_H
#define TASKMASTER_JOBS_DISPATCHER_INTERNAL_H

#include "jobs/dispatcher_helpers.h"
#include "jobs/dispatcher_jobs.h"
#include "jobs/dispatcher_workers.h"

/* --- pause.c: a pool that begins no job --- */

/* Takes back all jobs not begun, and tells of all begun ones. */
void dispatch_pause(struct dispatcher *d);
void dispatch_resume(struct dispatcher *d);

/* --- drain.c: the end of the server --- */

void dispatch_drain(struct dispatcher *d);

/* Behind each look at the pool: in a drain, workers end once no job waits. */
void dispatch_drain_look(struct dispatcher *d);

/* --- removal.c: a pool that no setting names any more --- */

/* Behind each look at the pool: the workers of a removed pool end when no job is left. */
void dispatch_removal_look(struct dispatcher *d);

/* --- schedule.c: the pass at the end of each public call and each timer --- */

/* Looks at the touched parts. Between dispatch_enter() and dispatch_leave() this does nothing. */
void dispatch_schedule(struct dispatch_shared *shared);

#endif
