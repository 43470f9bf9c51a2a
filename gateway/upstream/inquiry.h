/*
 * inquiry: one request to a daemon that has an answer of its own, within a time. (A job takes as
 * long as it takes: it is a plain call.)
 *
 * An inquiry is embedded in its owner's struct. Exactly one of its two functions is called, and
 * then the struct is its owner's again.
 */
#ifndef TASKMASTER_GATEWAY_UPSTREAM_INQUIRY_H
#define TASKMASTER_GATEWAY_UPSTREAM_INQUIRY_H

#include "base/timers.h"
#include "gateway/upstream/upstream.h"

enum { INQUIRY_WAIT_MS = 10000 }; /* for an answer that the daemon has at hand */

struct inquiry;

struct inquiry_ops {
    /* The answer, or an error. */
    void (*answer)(struct inquiry *inquiry, const struct upstream_event *event);
    /* The daemon is away, was lost, or has been silent for too long. Never within
     * inquiry_begin(). */
    void (*lost)(struct inquiry *inquiry, const char *why);
};

struct inquiry {
    const struct inquiry_ops *ops;
    struct upstream_call call;
    struct timers *timers;
    struct timer late;
};

struct inquiry_question {
    const char *op;
    const char *members; /* as of upstream_call(); NULL: none */
    size_t members_len;
    uint32_t wait_ms; /* 0: as long as it takes */
};

void inquiry_begin(struct inquiry *inquiry, const struct inquiry_ops *ops,
                   struct upstream *upstream, struct timers *timers,
                   const struct inquiry_question *question);

/* The owner goes: neither function is called. Of an inquiry that has ended, or of one with zeros
 * only, nothing happens. */
void inquiry_end(struct inquiry *inquiry);

/* The payload of an answer as JSON; the caller owns it. NULL: there is none. */
json_t *inquiry_read_payload(const struct upstream_event *event);

#endif
