/*
 * redis_blob: a record as one text for Redis, which does not look into it: a version, numbers and
 * texts, one after the other.
 *
 * A number is its digits and a blank. A text is its length in bytes plus one (0: NULL) as a number,
 * its bytes and a NUL: so a reader borrows texts from the record. A node of another release reads
 * what it knows: new fields go to the end, and the version changes if an old reader would be wrong.
 */
#ifndef TASKMASTER_QUEUE_REDIS_BLOB_H
#define TASKMASTER_QUEUE_REDIS_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redis_blob {
    char *bytes; /* owned; from malloc() */
    size_t len, room;
};

void redis_blob_begin(struct redis_blob *blob, uint64_t version);
void redis_blob_number(struct redis_blob *blob, uint64_t number);
void redis_blob_text(struct redis_blob *blob, const char *text); /* NULL is kept as such */
void redis_blob_bytes(struct redis_blob *blob, const void *bytes, size_t len);
void redis_blob_free(struct redis_blob *blob);

/* Reads in the order of writing. Behind a fault all is 0 or NULL. */
struct redis_blob_reader {
    const char *at, *end;
    bool is_broken;
};

struct redis_blob_reader redis_blob_open(const char *bytes, size_t len, uint64_t version);
uint64_t redis_blob_read_number(struct redis_blob_reader *reader, uint64_t max);
const char *redis_blob_read_text(struct redis_blob_reader *reader);
/* Borrowed; NULL if there are not so many. */
const char *redis_blob_read_bytes(struct redis_blob_reader *reader, size_t len);

#endif
