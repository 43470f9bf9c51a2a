/* event_memory: see event_memory.h. */
#include "net/event_memory.h"

#include "common/xmalloc.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_SLOTS = 512 };

union slot {
    union slot *next; /* while it is free */
    alignas(max_align_t) char bytes[EVENT_MEMORY_SMALL];
};

struct chunk {
    struct chunk *next;
    union slot slots[CHUNK_SLOTS];
};

static struct chunk *chunks;  /* the newest first; kept until the end, as nearly all slots are */
static size_t used;           /* slots ever taken of the newest chunk */
static union slot *free_list; /* freed slots */

static void *take_slot(void)
{
    union slot *slot = free_list;
    if (slot) {
        free_list = slot->next;
        return slot;
    }
    if (!chunks || used == CHUNK_SLOTS) {
        struct chunk *chunk = xmalloc(sizeof *chunk);
        chunk->next = chunks;
        chunks = chunk;
        used = 0;
    }
    return &chunks->slots[used++];
}

/* There is a chunk for each 512 descriptors, and hardly anything is freed before the end. */
static bool is_slot(const void *p)
{
    for (const struct chunk *chunk = chunks; chunk; chunk = chunk->next) {
        if ((uintptr_t)p - (uintptr_t)chunk < sizeof *chunk)
            return true;
    }
    return false;
}

void *event_memory_alloc(size_t size)
{
    return size <= EVENT_MEMORY_SMALL ? take_slot() : xmalloc(size);
}

void event_memory_free(void *p)
{
    union slot *slot = p;
    if (!is_slot(p)) {
        free(p);
        return;
    }
    slot->next = free_list;
    free_list = slot;
}

void *event_memory_realloc(void *old, size_t size)
{
    if (!old)
        return event_memory_alloc(size);
    if (!is_slot(old))
        return xrealloc(old, size);
    if (size <= EVENT_MEMORY_SMALL)
        return old;
    void *p = memcpy(xmalloc(size), old, EVENT_MEMORY_SMALL);
    event_memory_free(old);
    return p;
}
