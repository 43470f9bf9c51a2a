/* worker_memory: see worker_memory.h. */
#include "stats/worker_memory.h"

#include "base/process_memory.h"
#include "common/xmalloc.h"

#include <stdlib.h>

enum { KNOWN_US = 100000 };

/* The hash value is the worker's number: these spread evenly by themselves. */
struct figure {
    struct hash_node node;
    uint64_t kb;
};

void worker_memory_init(struct worker_memory *memory)
{
    *memory = (struct worker_memory){.since_us = 0};
    hash_init(&memory->by_worker);
}

static void free_figure(struct hash_node *node, void *arg)
{
    (void)arg;
    free(node);
}

void worker_memory_free(struct worker_memory *memory)
{
    hash_each(&memory->by_worker, free_figure, NULL);
    hash_free(&memory->by_worker);
}

static const struct figure *look_up(struct worker_memory *memory, uint32_t worker, pid_t pid)
{
    struct figure *figure = xmalloc(sizeof *figure);
    figure->kb = process_memory_read(pid) / 1024;
    hash_insert(&memory->by_worker, &figure->node, worker);
    return figure;
}

uint64_t worker_memory_kb(struct worker_memory *memory, uint32_t worker, pid_t pid, uint64_t now_us)
{
    if (now_us - memory->since_us >= KNOWN_US) {
        worker_memory_free(memory);
        worker_memory_init(memory);
        memory->since_us = now_us;
    }
    const struct figure *known = (const struct figure *)hash_first(&memory->by_worker, worker);
    return (known ? known : look_up(memory, worker, pid))->kb;
}
