/*
 * crashes: the last crashes of each module. Crashes with the same fingerprint are one entry.
 */
#ifndef TASKMASTER_JOBS_CRASHES_H
#define TASKMASTER_JOBS_CRASHES_H

#include "common/limits.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    CRASHES_OF_MODULE_MAX = 16,
    CRASHES_MAX = 1024, /* of all modules: a broken worker can invent names of modules */
};

struct crash_entry {
    TAILQ_ENTRY(crash_entry) link;
    char module[MODULE_NAME_MAX + 1];
    uint32_t fingerprint;
    int signal;
    uint64_t first_us, last_us;
    uint64_t count;
    uint64_t last_job; /* its number; 0: the last crash was without a job */
    char *text;        /* the last crash, as its recorder wrote it */
};

TAILQ_HEAD(crash_list, crash_entry);

struct crashes {
    struct crash_list list; /* the last one first */
    size_t count;
};

/* One crash; all texts are copied. */
struct crash_note {
    const char *module;
    uint32_t fingerprint;
    int signal;
    uint64_t job; /* 0: none */
    const char *text;
};

void crashes_init(struct crashes *crashes);
void crashes_free(struct crashes *crashes);

/* Counts the crash, and forgets the oldest entry of its module, or of all, beyond the limits. */
void crashes_note(struct crashes *crashes, const struct crash_note *note, uint64_t now_us);

#endif
