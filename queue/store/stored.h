/*
 * stored: a kept job as the store has it: plain values, without a link to anything in memory.
 *
 * Times are milliseconds of the wall clock since 1970, because they outlive the process. 0: none.
 */
#ifndef TASKMASTER_QUEUE_STORE_STORED_H
#define TASKMASTER_QUEUE_STORE_STORED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct payload;

enum {
    STORED_KEY_MAX = 128,
    STORED_DIGEST = 32,            /* bytes of a SHA-256 */
    STORED_INLINE_MAX = 64 * 1024, /* bytes of a body in the database; larger ones are files */
};

enum stored_state {
    STORED_WAITING, /* may be handed on */
    STORED_DELAYED, /* likewise from `due_ms` on */
    STORED_HANDED,  /* with the master */
    STORED_ENDED,   /* its outcome is kept */
    STORED_STATES
};

/* Bits of the failures after which a job is tried again. */
enum stored_retry_on {
    RETRY_ON_ERROR = 1u << 0,
    RETRY_ON_TIMEOUT = 1u << 1,
    RETRY_ON_MODULE = 1u << 2,
    RETRY_ON_EXPIRED = 1u << 3,
};

/* A payload or a result. From the queue to the store it is `payload`, borrowed until the operation
 * is done; NULL is empty. From the store to the queue it is `data`, from malloc(), and the
 * reader's; NULL if it is empty, was not asked for, or is no longer kept: the input of a done job.
 */
struct stored_body {
    size_t size; /* in either direction */
    const struct payload *payload;
    char *data;
    uint64_t sum; /* of its bytes (stored_sum.h); the engine's */
    bool is_lost; /* it should be there, and is not as it was written: removed, cut, or damaged */
};

/* Changes from one run of the job to the next. */
struct stored_run {
    uint8_t state;       /* enum stored_state */
    bool is_cancelled;   /* a cancel was asked for while the job was with the master */
    uint32_t attempt;    /* how often it was handed on, as far as it may have begun */
    uint32_t failures;   /* how many of these were tried again */
    uint32_t losses;     /* how often the master was lost while the job ran, and crashes */
    uint64_t due_ms;     /* of a delayed job */
    uint64_t expires_ms; /* it is to begin before */
};

/* The fields of its submit; none changes. */
struct stored_wish {
    const char *module, *owner;    /* the owner is "" if its token had no name */
    const char *id;                /* JSON text */
    const char *context;           /* JSON text, or NULL */
    const char *key;               /* NULL: none */
    uint8_t digest[STORED_DIGEST]; /* of the input, with a key; the engine makes it */
    uint8_t priority;              /* 0 to 9 */
    uint8_t retry_on;              /* bits */
    bool is_detached, wants_usage;
    uint32_t retries, retry_delay_ms;
    uint32_t timeout_ms, soft_timeout_ms; /* 0: none */
    uint64_t max_wait_ms;                 /* 0: none */
    uint64_t ttl_ms;                      /* 0: as set */
    uint64_t submitted_ms;
};

/* How it ended. */
struct stored_outcome {
    bool is_done;
    const char *reason; /* of a failed one */
    const char *fields; /* JSON text: the other fields of the event, ",\"order\":17,..." */
    uint64_t ended_ms;
    uint64_t over_ms; /* the outcome is kept until then */
};

struct stored_job {
    uint64_t seq; /* its number, never used twice */
    struct stored_wish wish;
    struct stored_run run;
    struct stored_outcome outcome; /* of an ended one */
    char *outcome_texts;           /* owned; see stored_job_set_outcome() */
    struct stored_body input, result;
    unsigned others; /* of a shared engine, as read: what other nodes want of it (engine.h) */
};

/* A job with copies of these texts, in one allocation: stored_job_free() frees it, and the `data`
 * of its bodies. The other members are zero. */
struct stored_job *stored_job_new(const struct stored_wish *wish);
void stored_job_free(struct stored_job *job); /* NULL is fine */

/* Replaces the outcome; its texts are copied. */
void stored_job_set_outcome(struct stored_job *job, const struct stored_outcome *outcome);

#endif
