/* node_name: what this node is called. */
#ifndef TASKMASTER_QUEUE_REDIS_NODE_NAME_H
#define TASKMASTER_QUEUE_REDIS_NODE_NAME_H

#include "queue/redis/settings.h"

enum { NODE_NAME_MAX = 64 }; /* bytes */

/* node-name, or the host's name and the process id: "web1-4711". */
void node_name_make(char name[NODE_NAME_MAX + 1], const struct redis_settings *settings);

#endif
