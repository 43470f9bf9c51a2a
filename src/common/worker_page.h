/*
 * worker_page: the memory that the master shares with one worker process.
 *
 * The master makes it as a sealed memfd (it can neither shrink nor grow, so that a touch can never
 * fault) and the worker inherits it as descriptor WORKER_PAGE_FD. The first page carries what the
 * worker needs to connect back, kept out of argv and environment, and afterwards the stop flag.
 *
 * The second page holds the claim words. A job that was handed over may still be taken back as long
 * as the worker has not begun it, and neither side waits for the other: the master writes the job's
 * word as offered before it sends the job, then a compare-and-swap settles it, by the worker from
 * offered to begun, or by the master from offered to taken. A word holds the job's number besides,
 * so that a slot can be used again while an old message is still unread.
 *
 * Behind it each slot has room for a small result. A worker that has its next job at hand already
 * leaves the result there and moves the word on to answered, and sends one message for several when
 * it has nothing more to do. Should it be on a long job by then, the master looks by itself.
 *
 * The worker maps the first page read-only once it has started, the others writable. What a broken
 * worker writes there can hurt its own jobs alone: any word but offered counts as begun, and a job
 * that was begun is lost with its worker; a result's size is checked and its bytes are copied
 * before anybody looks at them.
 */
#ifndef TASKMASTER_COMMON_WORKER_PAGE_H
#define TASKMASTER_COMMON_WORKER_PAGE_H

#include "common/limits.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define WORKER_PAGE_MAGIC 0x746d7003u /* "tmp" 3 */

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

/* Slots; more than jobs can be with one worker at a time. One is used again only when its job has
 * been answered or taken back, however many are handed over and taken back meanwhile. */
enum { WORKER_CLAIMS = 64 };

enum { WORKER_RESULT_MAX = 500 }; /* bytes of a result that is left in its slot */

struct worker_result {
    uint32_t size;
    char data[WORKER_RESULT_MAX];
};

enum { WORKER_REFUSAL_MAX = 512 }; /* bytes of the words of a preload, the NUL included */

struct worker_shared {
    struct worker_page page;
    _Alignas(4096) uint64_t claims[WORKER_CLAIMS]; /* read and written atomically */
    /* By the worker, until it is ready: the module that it is loading, and why the first of those
     * that cannot be used cannot be. */
    char preloading[MODULE_NAME_MAX + 1];
    /* By the worker as it ends: the module whose fini() runs; once all have run, the only one that
     * was loaded, whose handlers and destructors may run at exit. */
    char ending[MODULE_NAME_MAX + 1];
    uint32_t exiting; /* 1: all fini() have run */
    char refusal[WORKER_REFUSAL_MAX];
    _Alignas(4096) struct worker_result results[WORKER_CLAIMS];
};

enum claim_state {
    CLAIM_OFFERED = 1,  /* the worker may begin the job */
    CLAIM_BEGUN = 2,    /* by the worker */
    CLAIM_TAKEN = 3,    /* back, by the master */
    CLAIM_ANSWERED = 0, /* done: the result is in the slot */
};

static inline uint64_t claim_word(uint64_t job, enum claim_state state)
{
    return job << 2 | (uint64_t)state;
}

/* Moves a job's word from offered to `state`; false if the other side was first. */
static inline bool claim_settle(uint64_t *word, uint64_t job, enum claim_state state)
{
    uint64_t expected = claim_word(job, CLAIM_OFFERED);
    return __atomic_compare_exchange_n(word, &expected, claim_word(job, state), false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

#endif
