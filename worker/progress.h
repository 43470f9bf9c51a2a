/*
 * progress: a module's reports on its job's progress.
 *
 * Each report is noted in the shared page, where the master looks when it has to: for a view of the
 * job, or at the end of a crashed one. For a submitter asking for progress, a report is also sent:
 * at most ten a second, and the latest before the job's answer.
 */
#ifndef TASKMASTER_WORKER_PROGRESS_H
#define TASKMASTER_WORKER_PROGRESS_H

#include "common/worker_page.h"
#include "master_link.h"

#include <taskmaster/module.h>

#include <stdbool.h>
#include <stdint.h>

struct progress {
    struct worker_shared *shared; /* borrowed */
    struct master_link *link;     /* borrowed */
    uint64_t next_us;             /* no report is sent before, CLOCK_MONOTONIC */
    bool wanted;                  /* the job's submitter asks for reports */
    bool unsent;                  /* ... and the latest one was not sent */
};

void progress_init(struct progress *progress, struct worker_shared *shared,
                   struct master_link *link);

/* A job begins. */
void progress_begin(struct progress *progress, bool wanted);

/* Notes a report, and sends it if the time has come. A fraction outside of 0 to 1 is clamped, and
 * NaN is 0. `fmt` may be NULL. A child of the worker reports nothing. */
void progress_report(struct progress *progress, uint64_t job, uint64_t now_us, double fraction,
                     const char *fmt, va_list args) TM_PRINTF(5, 0);

/* Before the job's answer: sends the latest report, unless it was sent. Returns LINK_OK or
 * LINK_BROKEN. */
enum link_status progress_end(struct progress *progress);

#endif
