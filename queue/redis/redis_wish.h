/* redis_wish: a job's wish and its outcome as records for Redis (redis_blob.h). */
#ifndef TASKMASTER_QUEUE_REDIS_WISH_H
#define TASKMASTER_QUEUE_REDIS_WISH_H

#include "queue/redis/redis_blob.h"
#include "queue/store/stored.h"

/* Without is_detached: the store changes that. */
void redis_wish_write(struct redis_blob *blob, const struct stored_wish *wish);

/* False: that is no wish. Texts are borrowed from the bytes. */
bool redis_wish_read(struct stored_wish *wish, const char *bytes, size_t len);

/* Without over_ms: the store changes that. */
void redis_outcome_write(struct redis_blob *blob, const struct stored_outcome *outcome);
bool redis_outcome_read(struct stored_outcome *outcome, const char *bytes, size_t len);

#endif
