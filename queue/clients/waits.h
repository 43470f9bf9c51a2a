/* waits: a wait finds its job, and follows it until the job ends or the wait is over. */
#ifndef TASKMASTER_QUEUE_CLIENTS_WAITS_H
#define TASKMASTER_QUEUE_CLIENTS_WAITS_H

#include "queue/clients/followers.h"

#include <stdint.h>

/* Begins to follow the job for the open follower, which has the wishes in `kept.wants`. After
 * `*timeout_ms` (NULL: never) it has waited enough. */
void queue_wait_begin(struct queue_follower *follower, uint64_t seq, const uint32_t *timeout_ms);

#endif
