/* top_queue: the figures of taskqueued in the shape of taskmasterd's, for `top`. Calls nobody. */
#ifndef TASKMASTER_CLIENT_CLI_TOP_QUEUE_H
#define TASKMASTER_CLIENT_CLI_TOP_QUEUE_H

#include <jansson.h>

/* Returns the answer to `stats` in taskmasterd's shape, to be given up with json_decref(): that of
 * taskmasterd is the same object. The workers are those of taskqueued's master. */
json_t *top_queue_shape(json_t *stats);

#endif
