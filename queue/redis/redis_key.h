/* redis_key: the hash that stands for a job's key, and the digest of a keyed input. */
#ifndef TASKMASTER_QUEUE_REDIS_KEY_H
#define TASKMASTER_QUEUE_REDIS_KEY_H

#include "queue/store/stored.h"

enum { REDIS_KEY_HASH = 64 }; /* hexadecimal digits */

/* SHA-256 of owner, NUL, module, NUL, key. Without a key an empty text. */
void redis_key_hash(char hash[REDIS_KEY_HASH + 1], const struct stored_wish *wish);

/* SHA-256 of the payload, which may be NULL. */
void redis_key_digest(uint8_t digest[STORED_DIGEST], const struct payload *payload);

#endif
