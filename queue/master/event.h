/*
 * master_event: the header of an event of the master, read.
 *
 * Headers of plain strings and numbers are split by hand (base/json_scan.h): every job has two of
 * them. jansson checks all others; then their members are read in the same way.
 */
#ifndef TASKMASTER_QUEUE_MASTER_EVENT_H
#define TASKMASTER_QUEUE_MASTER_EVENT_H

#include "common/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum master_event_type {
    MASTER_EVENT_OTHER, /* unknown, or without a meaning here */
    MASTER_EVENT_HELLO,
    MASTER_EVENT_STARTED,
    MASTER_EVENT_PROGRESS,
    MASTER_EVENT_DONE,
    MASTER_EVENT_FAILED,
    MASTER_EVENT_OVERLOAD,
    MASTER_EVENT_ERROR,
    MASTER_EVENT_DRAINING,
};

struct master_event {
    enum master_event_type type;
    bool has_event;  /* otherwise the header is no event at all */
    bool has_size;   /* with a payload, perhaps empty */
    bool is_of_job;  /* `id` is a number, or its digits in a text, */
    uint64_t id;     /* of a kept job */
    bool is_answer;  /* `id` is MASTER_ASK_ID: an answer to an ask */
    bool is_submit;  /* `op` is submit: of an ERROR */
    bool is_fatal;   /* the connection ends: of an ERROR */
    bool has_order;  /* the job has begun */
    bool has_by;     /* somebody has ended it */
    uint64_t size;   /* of the payload */
    uint64_t run_us; /* 0: not told, as all below */
    uint64_t retry_after_ms;
    bool has_retry_after;
    char reason[CODE_MAX + 1];
    char code[CODE_MAX + 1]; /* of an ERROR, or a module's own */
    char message[HEADER_MAX];
    char fields[HEADER_MAX]; /* the other fields: ",\"order\":17" */
    size_t fields_len;
};

/* The `id` of all asks: answers come in their order. */
#define MASTER_ASK_ID "ask"

/* Reads a header of up to HEADER_MAX bytes, its LF included. Returns NULL, or the fault: the peer
 * is no master. Static. */
const char *master_event_read(struct master_event *event, const char *header, size_t len);

#endif
