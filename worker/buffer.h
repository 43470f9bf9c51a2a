/*
 * buffer: bytes that grow in place, for a job's payload and its result.
 *
 * Pages of its own instead of malloc: growing moves page tables and not bytes, memory that was
 * never touched costs nothing, and what one large job needed goes back to the system for certain
 * when the worker has been idle for a moment; while such jobs keep coming, it is not faulted in
 * anew for each. (With malloc, freeing a large block raises the size from which blocks are mapped,
 * and the next one stays in the heap.) Out of memory ends the process.
 */
#ifndef TASKMASTER_WORKER_BUFFER_H
#define TASKMASTER_WORKER_BUFFER_H

#include <stddef.h>

enum { BUFFER_KEEP = 128 * 1024 }; /* what an empty buffer keeps, in bytes; a multiple of a page */

struct buffer {
    char *data; /* never NULL after buffer_init() */
    size_t len;
    size_t capacity;
};

void buffer_init(struct buffer *b);
void buffer_destroy(struct buffer *b);

/* Makes room for `capacity` bytes in all. `len` and the bytes before it stay. */
void buffer_reserve(struct buffer *b, size_t capacity);

void buffer_append(struct buffer *b, const void *data, size_t len);

/* Gives back what the empty buffer has beyond BUFFER_KEEP. */
void buffer_trim(struct buffer *b);

#endif
