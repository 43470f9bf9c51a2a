/*
 * buffer: bytes in memory of their own, growing in place, for a job's payload and its result.
 *
 * A buffer maps pages instead of calling malloc(). Growing moves page tables and not bytes, and
 * untouched memory costs nothing. Once the worker has been idle for a moment, the pages of a large
 * job go back to the system for certain; while large jobs keep coming, each finds the pages of the
 * one before. (With malloc, freeing a large block raises the size from which blocks are mapped, and
 * the next one stays in the heap.) A lack of memory is told to the caller: jobs may have taken the
 * memory, or the pool's memory-max is too low for this job.
 */
#ifndef TASKMASTER_WORKER_BUFFER_H
#define TASKMASTER_WORKER_BUFFER_H

#include <stddef.h>

enum { BUFFER_KEEP = 128 * 1024 }; /* bytes kept by an empty buffer; a multiple of a page */

struct buffer {
    char *data; /* never NULL after buffer_init() */
    size_t len;
    size_t capacity;
};

/* Without memory the process ends. */
void buffer_init(struct buffer *b);
void buffer_destroy(struct buffer *b);

/* Makes room for `capacity` bytes in all. The first `len` bytes stay. Returns 0, or -1 without
 * memory: the buffer is as before. */
int buffer_reserve(struct buffer *b, size_t capacity);

/* Returns 0, or -1 without memory: nothing was appended. */
int buffer_append(struct buffer *b, const void *data, size_t len);

/* Shrinks an empty buffer to BUFFER_KEEP. */
void buffer_trim(struct buffer *b);

#endif
