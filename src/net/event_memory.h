/*
 * event_memory: keeps libevent's small allocations apart from everybody else's.
 *
 * libevent keeps a record of 16 bytes for each descriptor number until the end. The record is made
 * when a connection comes, so in the heap it lies between two clients' sessions. After the end of
 * 10,000 clients, one such record stands in each of their pages, and no page can be given back.
 * Here the records lie side by side in chunks of their own.
 *
 * Rejected: making the records beforehand costs every server without many clients. Chunks for the
 * sessions instead hide the sessions from the sanitizers, and leave a connection's other memory in
 * its place.
 */
#ifndef TASKMASTER_NET_EVENT_MEMORY_H
#define TASKMASTER_NET_EVENT_MEMORY_H

#include <stddef.h>

enum {
    EVENT_MEMORY_SMALL = 32, /* bytes; the allocator takes as many for 16 */
};

/* For event_set_mem_functions(). Out of memory ends the process (xmalloc). */
void *event_memory_alloc(size_t size);
void *event_memory_realloc(void *old, size_t size);
void event_memory_free(void *p);

#endif
