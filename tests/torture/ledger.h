/*
 * ledger: the jobs of taskqueued's clients: what was asked for, and what was told, by whichever
 * connection and after whichever restart. check_queue.c judges it afterwards.
 */
#ifndef TORTURE_LEDGER_H
#define TORTURE_LEDGER_H

#include "history.h"

#include <jansson.h>

enum { KEPT_ID_MAX = 32, NO_REASON = 255 };

/* What was told wrongly about a job. */
enum ledger_fault {
    LEDGER_OTHER_ID = 1,      /* another job for the same key, or in an event */
    LEDGER_OTHER_OUTCOME = 2, /* than was told before */
    LEDGER_UNKNOWN = 4,       /* a wait for an accepted job was refused */
    LEDGER_REFUSED = 8,       /* a right submit was refused */
    LEDGER_ATTEMPT = 16,      /* it fell */
    LEDGER_FAULTS = 5
};

/* An outcome as it was told. */
struct kept_outcome {
    bool done, intact;
    uint8_t reason; /* enum fail_reason_code of a failed one, else NO_REASON */
    uint64_t hash;
    uint32_t attempt;
};

/* Its uid is its place in the ledger. */
struct kept_job {
    enum command command;
    uint64_t a; /* of the command */
    uint32_t filler, delay_ms;
    uint8_t retries, priority;
    bool detach, keyed, cancel;

    uint64_t hash; /* of its payload */
    char id[KEPT_ID_MAX];
    bool accepted, refused, told;
    bool cancel_sent;
    bool settled; /* told again in the end */
    struct kept_outcome outcome;
    uint64_t told_us;
    uint32_t attempt; /* the highest one in events */
    uint8_t faults;
};

/* From stats at the end. */
struct queue_rest {
    bool reached; /* everything had its end in time; otherwise the figures below are missing */
    bool died;    /* it ended by itself, or with another status than 0 */
    int status;   /* then */
    int files_before, files_after;
    long rss_before_kb, rss_after_kb;
    uint64_t ended; /* outcomes kept */
    uint64_t slowest_ping_us;
    uint64_t lost_conns; /* connections closed for no reason */
    uint64_t strays;     /* messages that nobody had asked for */
    uint64_t epochs, kills, terms, stops, cuts;
};

struct ledger {
    struct kept_job *jobs;
    size_t count, room;
    struct queue_rest rest;
};

/* The uid of a new job, drawn. */
uint32_t ledger_draw(struct ledger *ledger, struct rng *rng);
void ledger_free(struct ledger *ledger);

/* An event's id and attempt. */
void ledger_hear(struct kept_job *job, json_t *header);

/* A terminal event, of a submit or of a wait. */
void ledger_tell(struct kept_job *job, json_t *header, const char *payload, size_t size);

#endif
