/*
 * session_system: replaces the system. Processes are records, and time is a number.
 *
 * The linker replaces the clock and the functions to start, signal and reap processes with the
 * functions here (see the Makefile's --wrap): nothing is forked. session_workers.c has the
 * processes' actions.
 */
#ifndef TASKMASTER_FUZZ_SESSION_SYSTEM_H
#define TASKMASTER_FUZZ_SESSION_SYSTEM_H

#include "common/limits.h"
#include "common/worker_page.h"
#include "jobs/pools.h"
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
    uint32_t wants; /* enum wire_wants */
};

struct proc {
    pid_t pid; /* 0: none */
    int fd, output_fd, status;
    bool dead, stuck, reaped, told_term, welcomed, said_ready;
    bool hung;  /* does nothing, and ignores SIGTERM */
    bool wrong; /* has misbehaved */
    uint32_t worker;
    uint8_t token[TOKEN_BYTES];
    struct worker_shared *shared;
    struct buffer in;
    struct handed handed[PROC_HANDED_MAX];
    size_t handed_first, handed_count;
    struct handed streaming; /* its job with parts; seq 0: none */
    unsigned parts_left;
    uint32_t reports; /* on progress */
};

extern struct proc procs[PROCS]; /* all processes, including dead ones */
extern size_t proc_count;
extern uint64_t clock_now_us;
extern unsigned starts_that_fail; /* the next so many starts */

/* Begins without any process. `of_master`: the pools of the master. */
void system_reset(const struct pools *of_master);

/* Ends the process with this wait status, unless it is dead already. */
void proc_die(struct proc *proc, int status);

#endif
