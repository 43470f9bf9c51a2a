/* redis_info: the answer to INFO, as far as it tells whether a server may have our jobs. */
#ifndef TASKMASTER_QUEUE_REDIS_REDIS_INFO_H
#define TASKMASTER_QUEUE_REDIS_REDIS_INFO_H

#include "queue/redis/redis_server.h"

#include <stdbool.h>
#include <stddef.h>

struct redis_info {
    char version[32];
    char role[16];   /* master, slave */
    char policy[32]; /* of a full memory */
    bool is_loading, is_cluster, is_durable;
};

/* What INFO does not tell reads as an empty text or false. */
void redis_info_read(struct redis_info *info, const char *text, size_t len);

/* Whether the server may have our jobs. False after the reason in `fault`. `is_unsafe`: a server
 * that may lose what it has confirmed will do. */
bool redis_info_is_fit(const struct redis_info *info, bool is_unsafe, struct redis_fault *fault);

/* The server may lose what it has confirmed. */
bool redis_info_may_lose(const struct redis_info *info);

#endif
