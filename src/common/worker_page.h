/*
 * worker_page: the memory shared by the master and one worker.
 *
 * The master makes the memory as a sealed memfd, and the worker inherits it as descriptor
 * WORKER_PAGE_FD. The memfd can neither shrink nor grow, so that no access faults. The first page
 * holds the address and the token for connecting to the master, kept out of argv and environment,
 * the limits of the process, and later the stop flag and the want of debug lines.
 *
 * The second page holds the claim words. The master may reclaim a job until the worker begins it,
 * and neither side waits for the other. The master writes the job's word as offered before sending
 * the job. A compare-and-swap then decides: by the worker from offered to begun, or by the master
 * from offered to reclaimed. A word also holds the job's number, so that a slot can be used again
 * while an old message is unread.
 *
 * The third part has room for a small result in each slot. If the next job is at hand already, a
 * worker leaves the result in its slot, sets the word to answered, and later sends one message for
 * several results. During a long job, the master looks at the slots by itself.
 *
 * The last part has room for the facts of a crash (crash_record.h). No memory is taken for it until
 * the worker crashes. Behind it the worker tells of the modules that it has loaded; only places in
 * use take memory.
 *
 * After its start, the worker maps the first page read-only and the other pages writable. A broken
 * worker can hurt only its own jobs: any word but offered counts as begun, and a begun job is lost
 * with its worker. The master checks a result's size and copies its bytes before using them.
 */
#ifndef TASKMASTER_COMMON_WORKER_PAGE_H
#define TASKMASTER_COMMON_WORKER_PAGE_H

#include "common/crash_record.h"
#include "common/job_progress.h"
#include "common/limits.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define WORKER_PAGE_MAGIC 0x746d700au /* "tmp" 10 */

enum {
    WORKER_PAGE_FD = 3, /* the memfd */
    WORKER_LIFE_FD = 4, /* a pipe without data: HUP once the master is gone */
};

/* What the settings say of the worker's process. */
struct worker_limits {
    uint64_t memory_max;    /* bytes of address space; 0: none */
    uint64_t files_max;     /* open files; 0: nofile_soft of the page */
    uint64_t core_max;      /* bytes of a core file */
    uint64_t file_size_max; /* bytes of a written file; 0: none */
    uint32_t pool_max;      /* of its pool */
    uint64_t rss_max;       /* bytes of memory; a larger worker asks to be replaced; 0: none */
    int32_t nice;           /* added to the master's */
    int32_t oom_score_adj;
    uint8_t no_new_privs; /* 1: a program started here gets no rights by set-user-id */
    uint8_t open;         /* 1: dumpable, so that a debugger can attach and the kernel write a
                             core file */
};

struct worker_page {
    uint32_t magic;
    uint32_t worker;              /* the worker's id, from 1 */
    uint8_t token[TOKEN_BYTES];   /* wiped by the worker after reading */
    struct sockaddr_storage addr; /* the master's worker port */
    socklen_t addr_len;
    uint64_t nofile_soft; /* the master's original soft RLIMIT_NOFILE */
    uint64_t stop_job;    /* sequence number of the job to stop; accessed atomically */
    uint32_t stop_reason; /* enum stop_reason; written before stop_job; accessed atomically */
    struct worker_limits limits;
    uint32_t debug; /* 1: the log has lines of level debug; may change; accessed atomically */
    uint64_t partless_job; /* sequence number of the job whose parts nobody wants any more; accessed
                              atomically */
};

/* Number of slots: more than a worker can hold jobs at a time. A slot is used again only after its
 * job was answered or reclaimed, however many jobs are prefetched and reclaimed meanwhile. */
enum { WORKER_CLAIMS = 64 };

enum { WORKER_RESULT_MAX = 500 }; /* bytes of a result in its slot */

struct worker_result {
    uint64_t run_us; /* time in the module */
    uint32_t size;
    char data[WORKER_RESULT_MAX];
};

/* Number of reports kept. The master copies the latest one while the worker may write the next. */
enum { WORKER_PROGRESS_KEPT = 4 };

enum { WORKER_REFUSAL_MAX = 512 }; /* bytes of a refusal's text, the NUL included */

enum {
    WORKER_LOADED_MAX = 64,        /* modules that a worker tells of */
    WORKER_VERSION_MAX = 64,       /* bytes of a module's version, the NUL included */
    WORKER_DESCRIBE_MAX = 32000,   /* bytes of the text of its describe() */
    WORKER_DESCRIBES_MAX = 163840, /* likewise of all modules of the worker */
};

/* A module loaded by the worker. An empty text: there is none, or no room for it. */
struct loaded_module {
    uint64_t loaded_us; /* CLOCK_MONOTONIC */
    char name[MODULE_NAME_MAX + 1];
    char version[WORKER_VERSION_MAX];
    uint32_t describe_at, describe_size; /* of its text in `describes` */
};

struct worker_shared {
    struct worker_page page;
    _Alignas(4096) uint64_t claims[WORKER_CLAIMS]; /* accessed atomically */
    /* Written by the worker, as microseconds of CLOCK_MONOTONIC; accessed atomically. The beginning
     * of a job with a time limit, written before its claim; and the arrival of the last PING. */
    uint64_t begun_us, pinged_us;
    /* Written by the worker until it is ready: the module being loaded, and in `refusal` the reason
     * for refusing the first unusable module. */
    char preloading[MODULE_NAME_MAX + 1];
    /* Written by the worker at its end: the module with its fini() running. After all fini(), the
     * only loaded module, if there is just one: its exit handlers and destructors may run. */
    char ending[MODULE_NAME_MAX + 1];
    uint32_t exiting; /* 1: all fini() have returned */
    char refusal[WORKER_REFUSAL_MAX];
    uint64_t rss; /* bytes of memory at the worker's last look; 0: unknown; accessed atomically */
    /* Of the last job whose submitter asks for its usage: its number, and the process's time in
     * microseconds at its beginning. */
    uint64_t usage_job, usage_cpu_us; /* accessed atomically */
    /* The modules' reports on their jobs' progress. The report of number n is in place n % KEPT,
     * and is counted once it is whole, so a crash amid a report leaves the one before. */
    uint64_t progress_count; /* accessed atomically */
    struct job_progress progress[WORKER_PROGRESS_KEPT];
    _Alignas(4096) struct worker_result results[WORKER_CLAIMS];
    _Alignas(4096) struct crash_record crash;
    uint32_t loaded_count; /* of the entries below; accessed atomically */
    struct loaded_module loaded[WORKER_LOADED_MAX];
    uint32_t describes_size; /* bytes of texts below; of the worker */
    char describes[WORKER_DESCRIBES_MAX];
};

/* A service manager's limit on the size of a file (LimitFSIZE) holds for a memfd too. */
_Static_assert(sizeof(struct worker_shared) <= 256 << 10, "the memory fits a low limit");

enum claim_state {
    CLAIM_OFFERED = 1,   /* the worker may begin the job */
    CLAIM_BEGUN = 2,     /* set by the worker */
    CLAIM_RECLAIMED = 3, /* set by the master */
    CLAIM_ANSWERED = 0,  /* done, with the result in the slot */
};

static inline uint64_t claim_word(uint64_t job, enum claim_state state)
{
    return job << 2 | (uint64_t)state;
}

/* Changes a job's word from offered to `state`. Returns false if the other side was first. */
static inline bool claim_settle(uint64_t *word, uint64_t job, enum claim_state state)
{
    uint64_t expected = claim_word(job, CLAIM_OFFERED);
    return __atomic_compare_exchange_n(word, &expected, claim_word(job, state), false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

#endif
