/*
 * master: the two sides of handing on: what kept jobs ask of the connection to the master
 * (queue/master fills the table in, tests have a recorder), and what it tells them.
 */
#ifndef TASKMASTER_QUEUE_KEPT_MASTER_H
#define TASKMASTER_QUEUE_KEPT_MASTER_H

#include "queue/kept/kept.h"

struct kept_master_ops {
    /* Submits the job: stored as HANDED, its input in memory. Nothing is answered in the call. */
    void (*submit)(void *arg, struct kept *job);
    /* Asks the master to cancel or kill it. */
    void (*stop)(void *arg, struct kept *job, bool kill);
    /* The master does not take its input: much of it waits in memory. Nothing is submitted until
     * keep_master_reads(). May be NULL. */
    bool (*is_full)(void *arg);
};

/* What the answer to hello says. Texts are borrowed for the call. */
struct kept_master_about {
    const char *boot;
    uint64_t payload_max;
    uint32_t job_max; /* waiting and running jobs */
    uint32_t kill_grace_ms;
};

enum kept_end_type {
    KEPT_END_DONE,
    KEPT_END_FAILED,
    KEPT_END_OVERLOAD,
    KEPT_END_ERROR, /* an `error` event for the submit */
};

/* A terminal event of the master. Texts are borrowed for the call. */
struct kept_end {
    enum kept_end_type type;
    const char *reason;  /* FAILED: reason; ERROR: code; OVERLOAD: reason */
    const char *message; /* or "" */
    const char *fields;  /* all other fields but id, job, event, reason, context, size: JSON text
                          * ",\"order\":17,..."; with code, message, retry_after_ms */
    bool has_order;      /* a worker had begun it */
    bool is_crash;       /* FAILED error: the worker died in it */
    uint64_t retry_after_ms; /* OVERLOAD, FAILED unavailable: 0: none */
    uint64_t run_us;         /* DONE: as the master tells it. Otherwise 0 */
    int64_t delay_ms;        /* of the module's tm_retry(); -1: it did not call it */
    struct payload *result;  /* taken over; NULL: empty */
};

/* The master is there: jobs are handed on. */
void keep_master_up(struct keep *keep, const struct kept_master_about *about);

/* The connection has ended: each handed job is waiting again. */
void keep_master_gone(struct keep *keep);

/* The master drains: it is handed nothing more. */
void keep_master_draining(struct keep *keep);

/* It takes its input again. */
void keep_master_reads(struct keep *keep);

/* The handed job with this number; NULL: there is none (its connection was another one). */
struct kept *keep_handed(struct keep *keep, uint64_t seq);

/* What is left of the job's max_wait_ms, at least 1, for the submit to the master; 0: it may wait
 * for any time. A jump of the wall clock does not count. */
uint64_t kept_wait_left_ms(const struct kept *job);

void kept_on_started(struct kept *job, const char *fields);
void kept_on_progress(struct kept *job, const char *fields);
void kept_on_end(struct kept *job, const struct kept_end *end);

#endif
