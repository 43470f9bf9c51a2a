/*
 * worker_output: what a worker prints, line by line into the master's log, tagged with worker and
 * job.
 *
 * A line that begins with <N>, N a syslog priority, is logged at that level; the rest as info.
 * Those that the worker writes itself begin behind WIRE_MARK, which ends what a module left
 * unfinished. A worker that floods has the lines above a rate dropped and counted, so that it costs
 * the others no more than that. The last bytes printed during a job are kept: they are the first
 * thing one wants to see when it crashed.
 */
#ifndef TASKMASTER_WORKER_OUTPUT_H
#define TASKMASTER_WORKER_OUTPUT_H

#include "pool.h"
#include "timers.h"
#include "worker_proc.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OUTPUT_LINE_MAX =
        1024 + 3, /* a longer line is logged in pieces; tm_log()'s longest and its <N> fit */
    OUTPUT_TAIL_MAX = 2048,   /* bytes kept for a crash */
    OUTPUT_RATE_LINES = 1000, /* lines a second */
};

struct worker_output {
    struct event event;
    const struct timers *timers;
    int fd; /* owned by the process; -1 when it is closed */
    bool watched;
    struct worker *worker;          /* whose job the lines are tagged with, */
    const struct worker_proc *proc; /* which knows how far the worker has come */
    const char *boot;
    uint64_t tail_job; /* the job that the tail is of */
    char *line;        /* OUTPUT_LINE_MAX bytes once something was printed; then the tail */
    size_t line_len;
    bool mid_line; /* the last that came was no line's end */
    bool cut;      /* what comes next goes on a line of which a piece was logged */
    size_t tail_len;
    uint64_t window_us; /* rate: when this second began */
    uint32_t window_lines;
    uint64_t dropped;
};

/* Watches the process's output. Process and record stay the caller's. 0, or -1 when the event
 * cannot be added. */
int worker_output_open(struct worker_output *output, struct event_base *base,
                       const struct timers *timers, const struct worker_proc *proc,
                       const char *boot, struct worker *worker);

/* Logs what is there; at most 64 KiB, so that a flood does not hold up the loop. */
void worker_output_drain(struct worker_output *output);

/* The last lines that were printed during the job, without their priorities; the last may be
 * unfinished. Returns how many bytes that is. */
size_t worker_output_tail(const struct worker_output *output, char text[OUTPUT_TAIL_MAX]);

/* Logs an unfinished line, while it is known whose it is. */
void worker_output_end_line(struct worker_output *output);

/* Logs an unfinished line, and stops watching. */
void worker_output_close(struct worker_output *output);

#endif
