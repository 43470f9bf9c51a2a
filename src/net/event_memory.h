/*
 * event_memory: keeps libevent's small allocations apart from everybody else's.
 *
 * For each descriptor number that it has ever seen libevent keeps a record of 16 bytes until the
 * end. It is made when a connection comes, so it would lie in the heap between the session of that
 * client and the next one's: after 10,000 clients have gone one such record stands in each page
 * that they used, and none of them can be given back. Here they lie side by side in chunks of their
 * own.
 *
 * Rejected: to make the records before there are clients, which costs whoever never has many; and
 * chunks for the sessions instead, which hides them from the sanitizers and leaves what else a
 * connection holds where it was.
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
