/* events: a follower hears of its job, and its client is told. */
#ifndef TASKMASTER_QUEUE_CLIENTS_EVENTS_H
#define TASKMASTER_QUEUE_CLIENTS_EVENTS_H

#include "queue/kept/follower.h"

/* The `event` of each queue_follower. */
void queue_events_on_event(struct kept_follower *kept, const struct kept_event *e);

#endif
