/*
 * worker_message: makes and checks headers of the workers' protocol (common/wire.h). A check
 * returns NULL, or the fault in words; the caller acts on the fault.
 */
#ifndef TASKMASTER_WORKERS_MESSAGE_H
#define TASKMASTER_WORKERS_MESSAGE_H

#include "common/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire_head worker_message_head(enum wire_type type, const char *name);

/* Copies a header out of the read buffer, and ends its name with a NUL. */
void worker_message_take_head(struct wire_head *head, const char *data);

/* The bytes to follow before the next header: of a failure's text, otherwise of the payload. */
size_t worker_message_body(const struct wire_head *head);

/* Checks the first header of a connection: only a hello is right. */
const char *worker_message_check_hello(const struct wire_head *head);

/* The messages allowed to a worker at this moment. */
struct worker_message_due {
    bool ready;           /* it has not said ready yet */
    bool job;             /* it is on a job, with the members below */
    bool parted;          /* it has sent parts of it */
    bool parts;           /* the job wants parts, and the worker has begun the job */
    uint64_t seq;         /* the job's number */
    uint32_t payload_max; /* bytes */
};

/* Checks the header of a worker's message. */
const char *worker_message_check(const struct wire_head *head,
                                 const struct worker_message_due *due);

#endif
