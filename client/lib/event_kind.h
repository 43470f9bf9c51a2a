/*
 * event_kind: the table of the protocol's events. Below event and reader, it calls nobody.
 *
 * To add an event: its constant in client.h, and its row in event_kind.c. To add a field of an
 * event: its member in client.h, and its row in event.c.
 */
#ifndef TASKMASTER_CLIENT_LIB_EVENT_KIND_H
#define TASKMASTER_CLIENT_LIB_EVENT_KIND_H

#include "taskmaster/client.h"

/* An event's part in the life of a job. */
enum tmc_event_role {
    TMC_EVENT_ANSWER, /* none: it answers another request */
    TMC_EVENT_ONCE,   /* comes once for each run of a job: more than once only if asked for */
    TMC_EVENT_OFTEN,  /* comes any number of times for a job, if asked for */
    TMC_EVENT_FINAL,  /* ends the job */
    TMC_EVENT_NEWS,   /* none: about no request at all */
};

struct tmc_event_kind {
    const char *name; /* the protocol's */
    enum tmc_event_role role;
    bool unbounded; /* the payload grows with the server's pool, beyond payload_max */
};

/* Returns the kind of this type, or NULL if `type` is none. */
const struct tmc_event_kind *tmc_event_kind_of(tm_client_event_type type);

/* Returns the type with this name; TM_CLIENT_EVENT_OTHER if this release does not know the name. */
tm_client_event_type tmc_event_kind_find(const char *name);

#endif
