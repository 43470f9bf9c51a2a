/*
 * session_system: in the place of the system: processes that are records, and time that is a
 * number.
 *
 * The linker puts the functions here in the place of those that start, signal and reap processes,
 * and of the clock (see the Makefile's --wrap): nothing is forked. What a process does stands in
 * session_workers.c.
 */
#ifndef TASKMASTER_FUZZ_SESSION_SYSTEM_H
#define TASKMASTER_FUZZ_SESSION_SYSTEM_H

#include "common/limits.h"
#include "common/worker_page.h"
#include "jobs/pool.h"
#include "session_bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    PROCS = 64,
    PROC_HANDED_MAX = 80,
    PROC_IN_MAX = 256 * 1024,
};

struct handed {
    uint64_t seq;
    uint32_t slot;
};

struct proc {
    pid_t pid; /* 0: none */
    int fd, output_fd, status;
    bool dead, stuck, reaped, told_term, welcomed, said_ready;
    bool hung;  /* does nothing any more, and takes no notice of SIGTERM */
    bool wrong; /* has done what no worker of ours does */
    uint32_t worker;
    uint8_t token[TOKEN_BYTES];
    struct worker_shared *shared;
    struct buffer in;
    struct handed handed[PROC_HANDED_MAX];
    size_t handed_first, handed_count;
};

extern struct proc procs[PROCS]; /* all that were started, dead ones too */
extern size_t proc_count;
extern uint64_t clock_now_us;
extern unsigned starts_that_fail; /* the next so many */

/* No process yet; the pool is that of the master. */
void system_reset(struct pool *of_master);

/* The process ends, with that wait status, unless it is dead already. */
void proc_die(struct proc *proc, int status);

#endif
