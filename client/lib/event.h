/* event: turns a message of the server into a tm_client_event. */
#ifndef TASKMASTER_CLIENT_LIB_EVENT_H
#define TASKMASTER_CLIENT_LIB_EVENT_H

#include "failure.h"
#include "message.h"

#include <sys/queue.h>

struct tmc_event {
    tm_client_event shown; /* first: the caller's pointer is ours; its texts lie in `message` */
    struct tmc_message message;
    char *context; /* owned */
    STAILQ_ENTRY(tmc_event) entry;
};

STAILQ_HEAD(tmc_event_queue, tmc_event);

/*
 * Takes the message and clears it, also on failure. Returns OK, MEMORY, or PROTOCOL if a known
 * field has another type. OK: `*event` is the caller's, or NULL if this release does not know the
 * event.
 */
tm_client_status tmc_event_take(struct tmc_message *message, struct tmc_event **event,
                                struct tmc_failure *failure);

/* NULL is allowed. */
void tmc_event_free(struct tmc_event *event);

#endif
