/* redis_wish: see redis_wish.h. */
#include "queue/redis/redis_wish.h"

#include <string.h>

enum { VERSION = 1, PRIORITY_MAX = 9 };

/* --- wishes --- */

static void write_texts(struct redis_blob *blob, const struct stored_wish *wish)
{
    redis_blob_text(blob, wish->module);
    redis_blob_text(blob, wish->owner);
    redis_blob_text(blob, wish->id);
    redis_blob_text(blob, wish->context);
    redis_blob_text(blob, wish->key);
    if (wish->key)
        redis_blob_bytes(blob, wish->digest, STORED_DIGEST);
}

void redis_wish_write(struct redis_blob *blob, const struct stored_wish *wish)
{
    redis_blob_begin(blob, VERSION);
    write_texts(blob, wish);
    redis_blob_number(blob, wish->priority);
    redis_blob_number(blob, wish->retry_on);
    redis_blob_number(blob, wish->wants_usage);
    redis_blob_number(blob, wish->retries);
    redis_blob_number(blob, wish->retry_delay_ms);
    redis_blob_number(blob, wish->timeout_ms);
    redis_blob_number(blob, wish->soft_timeout_ms);
    redis_blob_number(blob, wish->max_wait_ms);
    redis_blob_number(blob, wish->ttl_ms);
    redis_blob_number(blob, wish->submitted_ms);
}

static void read_texts(struct stored_wish *wish, struct redis_blob_reader *reader)
{
    const char *digest;
    wish->module = redis_blob_read_text(reader);
    wish->owner = redis_blob_read_text(reader);
    wish->id = redis_blob_read_text(reader);
    wish->context = redis_blob_read_text(reader);
    wish->key = redis_blob_read_text(reader);
    digest = wish->key ? redis_blob_read_bytes(reader, STORED_DIGEST) : NULL;
    if (digest)
        memcpy(wish->digest, digest, STORED_DIGEST);
}

bool redis_wish_read(struct stored_wish *wish, const char *bytes, size_t len)
{
    struct redis_blob_reader reader = redis_blob_open(bytes, len, VERSION);
    *wish = (struct stored_wish){0};
    read_texts(wish, &reader);
    wish->priority = (uint8_t)redis_blob_read_number(&reader, PRIORITY_MAX);
    wish->retry_on = (uint8_t)redis_blob_read_number(&reader, UINT8_MAX);
    wish->wants_usage = redis_blob_read_number(&reader, 1);
    wish->retries = (uint32_t)redis_blob_read_number(&reader, UINT32_MAX);
    wish->retry_delay_ms = (uint32_t)redis_blob_read_number(&reader, UINT32_MAX);
    wish->timeout_ms = (uint32_t)redis_blob_read_number(&reader, UINT32_MAX);
    wish->soft_timeout_ms = (uint32_t)redis_blob_read_number(&reader, UINT32_MAX);
    wish->max_wait_ms = redis_blob_read_number(&reader, UINT64_MAX);
    wish->ttl_ms = redis_blob_read_number(&reader, UINT64_MAX);
    wish->submitted_ms = redis_blob_read_number(&reader, UINT64_MAX);
    return !reader.is_broken && wish->module && wish->owner && wish->id;
}

/* --- outcomes --- */

void redis_outcome_write(struct redis_blob *blob, const struct stored_outcome *outcome)
{
    redis_blob_begin(blob, VERSION);
    redis_blob_number(blob, outcome->is_done);
    redis_blob_text(blob, outcome->reason);
    redis_blob_text(blob, outcome->fields);
    redis_blob_number(blob, outcome->ended_ms);
}

bool redis_outcome_read(struct stored_outcome *outcome, const char *bytes, size_t len)
{
    struct redis_blob_reader reader = redis_blob_open(bytes, len, VERSION);
    *outcome = (struct stored_outcome){0};
    outcome->is_done = redis_blob_read_number(&reader, 1);
    outcome->reason = redis_blob_read_text(&reader);
    outcome->fields = redis_blob_read_text(&reader);
    outcome->ended_ms = redis_blob_read_number(&reader, UINT64_MAX);
    return !reader.is_broken && (outcome->is_done || outcome->reason);
}
