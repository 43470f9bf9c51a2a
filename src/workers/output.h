/*
 * worker_output: a worker's stdout and stderr, logged line by line with the worker and the job.
 *
 * A line beginning with <N>, N a syslog priority, is logged at that level, all others as info.
 * Lines of the worker itself begin behind WIRE_MARK. The mark ends an unfinished line of a module,
 * and so does the end of the job. A line too long for a value of the log is logged in numbered
 * parts. Above a rate, lines are dropped and counted, so that a flood does not cost the other
 * workers more; the count is logged within a second. The last bytes printed during a job are kept
 * for the details of a crash.
 *
 * Nothing in the pipe names the job of a line. The pipe is emptied before a job's answer is taken:
 * so new bytes belong to the job in progress. A worker may have begun prefetched jobs without
 * having answered, and then a line can belong to any of them: it is logged without a job, rather
 * than with a wrong one. After such a line, neither this worker nor this module prefetches for a
 * while (jobs/prefetch.c).
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
    OUTPUT_LINE_MAX = 2048,   /* bytes waiting for a line's end */
    OUTPUT_TAIL_MAX = 2048,   /* bytes kept for a crash */
    OUTPUT_RATE_LINES = 1000, /* lines a second */
};

struct worker_output {
    struct event event;
    struct timers *timers;
    int fd; /* owned by the process; -1 once closed */
    bool watched;
    struct worker *worker;              /* has the job of the lines */
    const struct worker_claims *claims; /* have the jobs begun since */
    const char *boot;
    struct log_limits *log_limits;

    char *line; /* OUTPUT_LINE_MAX bytes, then OUTPUT_TAIL_MAX of the tail; NULL without output */
    size_t line_len;
    uint32_t parts;       /* logged parts of the current line */
    enum log_level level; /* of these parts */
    bool reported;        /* the current line has a priority */
    bool mid_line;        /* the last byte read was not a line's end */
    bool ended;           /* the last line was ended early: its LF may still come */

    size_t tail_len;
    uint64_t tail_job; /* the tail's job */

    uint64_t window_us;     /* rate: the beginning of this second */
    uint32_t window_lines;  /* rate: lines in this second */
    uint64_t dropped;       /* lines above the rate */
    const char *dropped_of; /* their module, or "-"; borrowed */
    struct timer tell;      /* set while there are dropped lines */
};

/* Watches the process's output. Process and record stay the caller's. Returns 0, or -1 if the event
 * cannot be added. */
int worker_output_open(struct worker_output *output, struct event_base *base, struct timers *timers,
                       const struct worker_process *process, const char *boot,
                       struct worker *worker, struct log_limits *log_limits);

/* Logs the unread output; at most 64 KiB, so that a flood does not hold up the loop. */
void worker_output_drain(struct worker_output *output);

/* Copies the last lines printed during the job, without their priorities. The last line may be
 * unfinished. Returns the number of bytes. */
size_t worker_output_tail(const struct worker_output *output, char text[OUTPUT_TAIL_MAX]);

/* Ends an unfinished line, before its job ends. */
void worker_output_end_line(struct worker_output *output);

/* Logs an unfinished line, and stops watching. */
void worker_output_close(struct worker_output *output);

#endif
