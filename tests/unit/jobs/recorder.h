/*
 * recorder: a dispatcher whose operations and sources write down each call.
 *
 * Operations and events become short texts, separated by commas. A test compares them as a whole;
 * whenever it does, the invariants are checked too.
 *
 *     start 1        give 1 j5 700ms    back 1 j5 yes      flag 1 j5      term 1     kill 1
 *     retire 1       poll 1             forget 1       ping 1         say 1 (a ping, too)
 *     a5 accepted 2  a5 started 1 #4    a5 done            a5 failed timeout sigterm
 *     a5 failed module div-by-zero      a5 failed error SIG 11            a5 failed error exit 3
 *     a5 overload queue-full 2 1        a5 left            a5 progress TEXT
 *     soft 1 j5 (the stop flag for the soft limit)
 *     a5 part 0      parts 1 j5 go on                     parts 1 j5 unwanted
 *
 * (worker 1; source a, job 5; #4: the fourth in order; 2 waiting, 1 running; `left`: dropped or
 * orphaned.)
 *
 * Behind the operations are simulated workers. They work as real ones do: they are handed jobs,
 * begin one after the other, finish them, and leave answers until the master reads. A begun job
 * cannot be reclaimed. Workers begin as soon as they can, unless `lazy` is set.
 */
#ifndef TASKMASTER_TESTS_UNIT_JOBS_RECORDER_H
#define TASKMASTER_TESTS_UNIT_JOBS_RECORDER_H

#include "jobs/dispatcher.h"
#include "jobs/module_table.h"
#include "tests/unit/support.h"

#include <signal.h>

enum {
    SOURCES = 26,
    MODULES = 3,
    HANDED_MAX = 128,
};

/* --- simulated workers --- */

enum handed_state { OFFERED, TAKEN, BEGUN, FINISHED };

/* A job as the worker knows it. */
struct handed {
    uint64_t seq;
    enum handed_state state;
    struct worker_answer answer; /* once FINISHED, until the master reads it */
};

struct sim_worker {
    struct worker *worker;
    struct handed jobs[HANDED_MAX]; /* without an answer read, in the order of assignment */
    size_t count;
    bool dead;
    bool stopped;        /* by SIGSTOP: it begins no job and takes no ping */
    bool pinged, called; /* pings not taken yet; one of them is to be answered aloud */
    struct worker_signs signs;
    struct job_progress progress; /* the latest report */
    struct job_usage usage;       /* of its job; no time: not known */
    enum stop_reason stop_reason; /* of the last stop flag */
};

struct sim_worker *sim_of(const struct worker *worker);

/* The first job in a state; the job of a number, unless reclaimed. NULL: none. */
struct handed *handed_in(struct sim_worker *sim, enum handed_state state);
struct handed *handed_of(struct sim_worker *sim, uint64_t seq);

/* The worker forgets the job. */
void sim_drop(struct sim_worker *sim, struct handed *handed);

/* Begins the next job, unless the worker is on one. */
bool sim_begin(struct sim_worker *sim);

/* Ends the current job. */
bool sim_finish(struct sim_worker *sim, const struct worker_answer *answer);

/* The master reads one answer. It must be in turn: the master would break off a real worker. */
bool sim_read(struct sim_worker *sim);

/* --- the world --- */

struct test_source {
    struct job_source source;
    char name;
    uint64_t terminal; /* terminal events */
};

extern struct timers timers;
extern struct dispatch_shared shared;
extern struct dispatcher d;
extern struct job_settings limits;
extern struct payload_budget budget;
extern struct test_source sources[SOURCES];
extern struct module_entry modules[MODULES];
extern bool silent;       /* nothing is written down */
extern bool lazy;         /* workers begin when the test says so */
extern bool no_forks;     /* the operation start fails */
extern bool poll_reads;   /* the operation poll reads all answers */
extern uint64_t backs[2]; /* calls of the operation reclaim: in vain, and not */

/* A test's own code inside of operations and events; each may be NULL. */
extern struct recorder_hooks {
    void (*step)(struct sim_worker *sim); /* before each operation on a worker: time passes */
    void (*begun)(struct sim_worker *sim, uint64_t seq);
    void (*handed)(struct sim_worker *sim, struct job *job);
    void (*signalled)(struct sim_worker *sim, int signo);
    void (*polled)(struct sim_worker *sim);
    void (*event)(struct test_source *source, struct job *job, const struct job_event *event);
    void (*left)(struct test_source *source, struct job *job);
} hooks;

/* The test sets `limits` before. Workers are not started yet. */
void world_open(void);

/* Ends whatever the test left behind. In the end nothing may be held. */
void world_close(void);

struct test_source *source_of(char name);

/* A session connects. */
void new_source(struct test_source *source);

/* --- the record --- */

/* All texts since the last call. */
const char *news(void);

/* Drops the texts so far. */
void hush_news(void);

#define ck_told(expected) ck_assert_str_eq(news(), expected)

/* The sum of `n` counts. */
uint64_t sum(const uint64_t *counts, size_t n);

/* Aborts the test unless all books agree, as they must between any two calls. */
void check_invariants(void);

/* --- events --- */

struct order {
    char source; /* default a */
    int module;  /* index; -1: none */
    uint32_t timeout_ms, max_wait_ms, soft_timeout_ms;
    size_t size;   /* of the payload */
    unsigned link; /* enum job_link */
    bool accepted, started, progress, parts, usage, over_budget;
    bool none; /* for the macro */
};

/* Returns the job's number; the job may have ended already. */
uint64_t submit_order(struct order order);

#define SUBMIT(...) submit_order((struct order){.none = false, __VA_ARGS__})

struct worker *the_worker(uint32_t id);
struct job *the_job(uint64_t seq);

/* The worker is ready; in the second case without one of its preloads. */
void ready(uint32_t id);
void ready_without(uint32_t id);

/* The worker ends its job; the master does not read yet. Unless lazy, the worker goes on. */
void finishes(uint32_t id, struct worker_answer answer);

/* The master reads one answer of the worker. */
void reads(uint32_t id);

/* Both: the job is done, or its module fails with a code. */
void done(uint32_t id);
void fails(uint32_t id, const char *code);

struct worker_answer a_failure(enum fail_reason reason, const char *code);

/* The master learns of the worker's death, and reads its last answers before. `signo` negative: an
 * exit status. */
void lost(uint32_t id, int signo);
void reaped(uint32_t id);

/* The worker's process is stopped; it goes on, and takes its pings and jobs. */
void stops(uint32_t id);
void goes_on(uint32_t id);

/* Both, as nearly always. */
void dies(uint32_t id, int signo);

/* Time passes as in the loop: each timer fires when it is due. */
void pass_us(uint64_t us);
void pass_ms(uint64_t ms);

/* One turn of the loop: timers due now, or in the next microsecond. */
void turn(void);

/* --- ways to begin a test --- */

enum {
    GRACE_MS = 2000,
    START_TIMEOUT_MS = 10000,
    SOON_MS = 1000, /* a worker ready for so long has started */
    BATCH = 8,      /* workers are started, and told to end, at a time, */
    BATCH_MS = 5,   /* and the next so much later */
};

/* A case with world_close() behind each test. */
TCase *recorder_case(Suite *suite, const char *name);

/* Opens the world with a window of 1: no job is prefetched. The pool's start is under way. */
void open_pool(uint32_t pool_start, uint32_t pool_max, uint32_t job_max);

/* The same with so many idle workers, and no news. */
void open_idle(uint32_t workers, uint32_t pool_max, uint32_t job_max);

/* `limits` are in force from now on. */
void reconfigure(bool renew);

/* Idle lazy workers. Each has done a short job, and so may be handed jobs early. */
void open_warm(uint32_t workers, uint32_t window);

/* One such worker on job 3, with 4, 5 and 6 prefetched; 7 to 12 are in the line. */
void open_prefetched(void);

/* A lazy worker begins its next job; it finishes its job. */
void begins(uint32_t id);
void finishes_well(uint32_t id);

void submit_many(int count);

#endif
