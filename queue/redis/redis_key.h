/* redis_key: the hash that stands for a job's key. */
#ifndef TASKMASTER_QUEUE_REDIS_KEY_H
#define TASKMASTER_QUEUE_REDIS_KEY_H

#include "queue/store/stored.h"

enum { REDIS_KEY_HASH = 64 }; /* hexadecimal digits */

/* SHA-256 of owner, NUL, module, NUL, key. Without a key an empty text. */
void redis_key_hash(char hash[REDIS_KEY_HASH + 1], const struct stored_wish *wish);

#endif
