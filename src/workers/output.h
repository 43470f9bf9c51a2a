/*
 * worker_output: what a worker prints, line by line into the master's log, tagged with worker and
 * job.
 *
 * A line that begins with <N>, N a syslog priority, is logged at that level; the rest as info.
 * Those that the worker writes itself begin behind WIRE_MARK, which ends what a module left
 * unfinished, as the end of its job does. A line that a value of the log has no room for is logged
 * in parts, which have numbers. A worker that floods has the lines above a rate dropped and
 * counted, so that it costs the others no more than that; the count is told within a second. The
 * last bytes printed during a job are kept: they are the first thing one wants to see when it
 * crashed.
 *
 * Nothing in the pipe says which job printed what. The pipe is emptied before a job's answer is
 * taken, so that what comes is of the job that the worker is on. Where it may be on any of several,
 * as it was lent some that it has begun, a line has no job rather than a wrong one; after it, none
 * is lent of this module or to this worker for a while (jobs/assign.c).
 */
#ifndef TASKMASTER_WORKERS_OUTPUT_H
#define TASKMASTER_WORKERS_OUTPUT_H

#include "base/log_limits.h"
#include "base/timers.h"
#include "common/log.h"
#include "jobs/pool.h"
#include "workers/process.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OUTPUT_LINE_MAX = 2048,   /* bytes that wait for a line's end */
    OUTPUT_TAIL_MAX = 2048,   /* bytes kept for a crash */
    OUTPUT_RATE_LINES = 1000, /* lines a second */
};

struct worker_output {
    struct event event;
    struct timers *timers;
    int fd; /* owned by the process; -1 when it is closed */
    bool watched;
    struct worker *worker;              /* whose job the lines are tagged with, */
    const struct worker_claims *claims; /* they tell how far the worker has come */
    const char *boot;
    struct log_limits *log_limits;
    uint64_t tail_job; /* the job that the tail is of */
    char *line;        /* OUTPUT_LINE_MAX bytes once something was printed; then the tail */
    size_t line_len;
    bool mid_line;        /* the last that came was no line's end */
    uint32_t parts;       /* of the current line, logged */
    enum log_level level; /* of those; and whether they were the worker's own: */
    bool reported;
    bool ended; /* the last line was ended without its LF, which may come yet */
    size_t tail_len;
    uint64_t window_us; /* rate: when this second began */
    uint32_t window_lines;
    uint64_t dropped;       /* lines, */
    const char *dropped_of; /* and the module's name, or "-"; borrowed */
    struct timer tell;      /* set while there are any */
};

/* Watches the process's output. Process and record stay the caller's. 0, or -1 when the event
 * cannot be added. */
int worker_output_open(struct worker_output *output, struct event_base *base, struct timers *timers,
                       const struct worker_process *process, const char *boot,
                       struct worker *worker, struct log_limits *log_limits);

/* Logs what is there; at most 64 KiB, so that a flood does not hold up the loop. */
void worker_output_drain(struct worker_output *output);

/* The last lines that were printed during the job, without their priorities; the last may be
 * unfinished. Returns how many bytes that is. */
size_t worker_output_tail(const struct worker_output *output, char text[OUTPUT_TAIL_MAX]);

/* Ends an unfinished line, while it is known whose it is. */
void worker_output_end_line(struct worker_output *output);

/* Logs an unfinished line, and stops watching. */
void worker_output_close(struct worker_output *output);

#endif
