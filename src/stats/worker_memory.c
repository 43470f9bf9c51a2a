/* worker_memory: see worker_memory.h. */
#include "stats/worker_memory.h"

#include "common/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

static uint64_t read_kb(pid_t pid)
{
    char path[64], line[128], *end = "";
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    if (fgets(line, sizeof line, file))
        (void)strtoul(line, &end, 10); /* the whole size; resident pages come second */
    fclose(file);
    return strtoul(end, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

static const struct figure *look_up(struct worker_memory *memory, uint32_t worker, pid_t pid)
{
    struct figure *figure = xmalloc(sizeof *figure);
    figure->kb = read_kb(pid);
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
