/*
 * worker_page: the page of memory that the master shares with one worker process.
 *
 * The master makes it as a sealed memfd (it can neither shrink nor grow, so that a touch can never
 * fault) and the worker inherits it as descriptor WORKER_PAGE_FD. It carries what the worker needs
 * to connect back, kept out of argv and environment, and afterwards the stop flag. The page belongs
 * to one worker only, and the master trusts nothing in it: it writes, and never reads.
 */
#ifndef TASKMASTER_COMMON_WORKER_PAGE_H
#define TASKMASTER_COMMON_WORKER_PAGE_H

#include "common/limits.h"

#include <stdint.h>
#include <sys/socket.h>

#define WORKER_PAGE_MAGIC 0x746d7001u /* "tmp" 1 */

enum {
    WORKER_PAGE_FD = 3, /* the memfd */
    WORKER_LIFE_FD = 4, /* a pipe nobody writes to: HUP once the master is gone */
};

struct worker_page {
    uint32_t magic;
    uint32_t worker;              /* the worker's id, from 1 */
    uint8_t token[TOKEN_BYTES];   /* the worker wipes it once it has read it */
    struct sockaddr_storage addr; /* where to connect to */
    socklen_t addr_len;
    uint64_t nofile_soft; /* RLIMIT_NOFILE's soft limit that the master was started with */
    uint64_t stop_job; /* sequence number of the job that is to stop; read and written atomically */
};

#endif
