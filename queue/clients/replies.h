/* replies: writes the events of kept jobs to their followers. Nothing is written to a closed
 * connection. */
#ifndef TASKMASTER_QUEUE_CLIENTS_REPLIES_H
#define TASKMASTER_QUEUE_CLIENTS_REPLIES_H

#include "queue/clients/followers.h"

void queue_replies_tell(const struct queue_follower *follower, const struct kept_event *e);

/* The submit alone has ended, its job goes on: `failed` `cancelled`. `by`: fields, JSON text. */
void queue_replies_withdrawn(const struct queue_follower *follower, uint64_t seq, const char *by);

/* There was no room in memory for the submit's payload. */
void queue_replies_no_memory(const struct queue_follower *follower);

/* An error about the request of the follower. */
void queue_replies_error(const struct queue_follower *follower, const char *code,
                         const char *message);

#endif
