/* event: turns a message of the server into a tm_client_event. */
#ifndef TASKMASTER_CLIENT_LIB_EVENT_H
#define TASKMASTER_CLIENT_LIB_EVENT_H

#include "failure.h"
#include "message.h"

#include <sys/queue.h>

enum { TMC_EVENT_RAW_MAX = 3 }; /* fields kept as JSON text */

struct tmc_event {
    tm_client_event shown; /* first: the caller's pointer is ours; its texts lie in `message` */
    struct tmc_message message;
    char *raw[TMC_EVENT_RAW_MAX]; /* owned; NULL: absent */
    bool unclaimed;               /* an error without a job, counted by the inbox */
    STAILQ_ENTRY(tmc_event) entry;
};

STAILQ_HEAD(tmc_event_queue, tmc_event);

/*
 * Takes the message and clears it, also on failure. Returns OK, MEMORY, or PROTOCOL if a known
 * field has another type. OK: `*event` is the caller's. An event unknown to this release has the
 * type TM_CLIENT_EVENT_OTHER, and no field but its id.
 */
tm_client_status tmc_event_take(struct tmc_message *message, struct tmc_event **event,
                                struct tmc_failure *failure);

/* NULL is allowed. */
void tmc_event_free(struct tmc_event *event);

#endif
