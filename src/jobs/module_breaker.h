/* clang-format off */
/*
 * module_breaker: keeps a crashing module from costing a worker with each job.
 *
 *     CLOSED --> OPEN <--> PROBING --> CLOSED
 *
 * CLOSED: jobs run. The breaker opens when, within a window, so many jobs of the module crashed
 * their workers, and these are at least half of its jobs that ended. A fresh worker that cannot
 * begin a job opens the breaker at once (refusal.c).
 * OPEN: jobs of the module fail without a worker. After a pause the next job is the probe.
 * PROBING: one job runs, and decides. Others fail meanwhile.
 *
 * The window is counted in parts: a crash counts for one to one and a sixteenth window. An exact
 * window would need the time of each job's end. An end costs one comparison and one addition.
 *
 * Nothing is timed: a breaker is looked at when a job of its module comes or ends, or when somebody
 * asks for it.
 */
/* clang-format on */
#ifndef TASKMASTER_JOBS_MODULE_BREAKER_H
#define TASKMASTER_JOBS_MODULE_BREAKER_H

#include "jobs/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum breaker_state {
    BREAKER_CLOSED,
    BREAKER_OPEN,
    BREAKER_PROBING,
};

enum { BREAKER_PARTS = 17, BREAKER_WHY_MAX = 256 };

/* How a job of the module ended, for its breaker. */
enum breaker_end {
    BREAKER_PASSED,  /* done, or failed by the module */
    BREAKER_CRASHED, /* its worker died of it */
    BREAKER_NEITHER, /* cancelled, out of time, ... */
};

struct module_breaker {
    uint8_t state;        /* enum breaker_state */
    uint8_t part;         /* of the window, being counted */
    uint64_t part_us;     /* its beginning */
    uint64_t part_end_us; /* and its end */
    struct {
        uint32_t ended, crashed;
    } parts[BREAKER_PARTS];
    uint64_t until_us;         /* OPEN: no probe before; PROBING: the probe has passed then */
    uint64_t probe;            /* PROBING: the job's number */
    uint32_t failures;         /* in a row: openings without a probe passed between them */
    uint64_t opened;           /* so often, since the start */
    char why[BREAKER_WHY_MAX]; /* OPEN and PROBING: for messages */
};

static inline bool module_breaker_is_closed(const struct module_breaker *breaker)
{
    return breaker->state == BREAKER_CLOSED;
}

/* Mostly a job has passed, and a count is all. False: module_breaker_ended() has to look. */
static inline bool module_breaker_counts(struct module_breaker *breaker, uint64_t now_us)
{
    if (breaker->state != BREAKER_CLOSED || now_us >= breaker->part_end_us)
        return false;
    breaker->parts[breaker->part].ended++;
    return true;
}

/* A job that had begun has ended. `module`: its name, for the log and for `why`. `crash`: in words,
 * "SIGSEGV"; NULL unless CRASHED. True if the breaker opens. */
bool module_breaker_ended(struct module_breaker *breaker, const struct job_settings *settings,
                          const char *module, uint64_t seq, enum breaker_end end, const char *crash,
                          uint64_t now_us);

/* A worker gets the job. It is the probe unless the breaker is closed. */
void module_breaker_begun(struct module_breaker *breaker, const struct job_settings *settings,
                          uint64_t seq, uint64_t now_us);

/* The job is with no worker any more, and has not ended: if it was the probe, the next job is. */
void module_breaker_returned(struct module_breaker *breaker, uint64_t seq);

/* Opens the breaker; `why` goes to the log and to clients. */
void module_breaker_open(struct module_breaker *breaker, const struct job_settings *settings,
                         const char *module, const char *why, uint64_t now_us);

/* Closes the breaker, and forgets all crashes. `why` goes to the log if it was not closed. */
void module_breaker_close(struct module_breaker *breaker, const char *module, const char *why);

/* Whether a job of the module has to fail now. A probe that has run long enough closes the breaker.
 */
bool module_breaker_fails(struct module_breaker *breaker, const char *module, uint64_t now_us);

/* When a further job may be tried, in milliseconds from now; 0 for CLOSED, else at least 1. */
uint64_t module_breaker_retry_ms(const struct module_breaker *breaker, uint64_t now_us);

/* "closed", "open", "probing". */
const char *module_breaker_state_name(const struct module_breaker *breaker, uint64_t now_us);

#endif
