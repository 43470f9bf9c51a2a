/*
 * kept_state: what the files of queue/kept share in memory: windows and holds of modules, eras of
 * the clocks, the keep. kept_internal.h has the functions.
 */
#ifndef TASKMASTER_QUEUE_KEPT_KEPT_STATE_H
#define TASKMASTER_QUEUE_KEPT_KEPT_STATE_H

#include "base/log_episode.h"
#include "base/log_limit.h"
#include "queue/kept/keep.h"

enum {
    KEPT_PRIORITIES = 10,
    KEPT_BATCH = 1000,        /* jobs of one operation of the store on many */
    KEPT_INPUT_SMALL = 1024,  /* bytes of an input that stays in memory with the master */
    KEPT_MODULES_IDLE = 1000, /* modules without jobs that are remembered */
};

enum kept_place {
    KEPT_NOWHERE,
    KEPT_IN_WINDOW,
    KEPT_WITH_MASTER,
};

/* A job's place among those of its module. */
struct kept_spot {
    uint8_t priority;
    uint64_t seq;
};

TAILQ_HEAD(kept_list, kept);

/* The next jobs of a module: all of its waiting ones up to `reach`, and perhaps some behind. */
struct kept_window {
    struct kept_list lines[KEPT_PRIORITIES];
    size_t count;
    uint64_t bytes;          /* of their inputs */
    bool is_whole;           /* no waiting job is missing */
    bool is_taking;          /* more are being read, */
    size_t claimed;          /* or so many at most are being handed to this node */
    bool has_missed;         /* meanwhile waiting jobs were left to the store, */
    struct kept_spot missed; /* the first of them here */
    struct kept_spot reach;
};

/* Why nothing of a module is handed on. */
struct kept_hold {
    uint64_t until_us;
    uint64_t since_us; /* without a success; 0: it has had one */
    uint64_t next_us;  /* when a job was to try again */
    uint64_t begun_us; /* it has begun, and was not refused yet; or 0 */
    uint32_t times;    /* in a row */
    bool is_probing;   /* one job at a time, until the master takes one */
    bool is_given_up;  /* the log has told that its jobs fail */
    bool is_busy;      /* the master had no free worker: other nodes may have one; */
    uint32_t waits;    /* so often in a row */
    char reason[32];   /* "" after an overload */
    struct timer over;
};

struct kept_module {
    struct hash_node by_name;
    TAILQ_ENTRY(kept_module) link, touched;
    struct keep *keep;
    struct keep_counts counts;
    size_t records; /* in memory */
    bool is_touched, is_paused;
    uint64_t run_us;       /* of late */
    uint64_t result_bytes; /* of late, rather too much */
    struct kept_window window;
    struct kept_hold hold;
    char name[];
};

TAILQ_HEAD(kept_modules, kept_module);

/* Jobs of numbers from `from_seq` on, up to the next era's, were submitted under one clock. */
struct kept_era {
    uint64_t from_seq;
    int64_t offset_ms; /* from the monotonic clock to the wall clock */
    struct kept_era_due {
        uint64_t next_ms; /* 0: nothing is to come */
        bool is_posted;
    } ripe, expired;
};

enum { KEPT_ERAS = 8 };

struct keep_op {
    struct store_op op;
    struct keep *keep;
    struct kept *job; /* or NULL */
    void (*finish)(struct keep_op *op);
    void *arg;             /* of `finish` */
    struct kept_asks asks; /* of a LOAD: the one that it is for */
    struct stored_run run; /* before the operation */
    uint64_t life;         /* of the node, when it was posted */
};

struct keep {
    struct keep_parts parts;
    struct keep_settings settings;
    uint64_t next_seq;
    struct hash jobs; /* by number */
    struct hash modules, owners;
    struct kept_modules all_modules;
    size_t module_count;
    struct keep_counts counts;
    struct kept_list handed; /* with the master */
    size_t handed_count, busy_count;
    size_t windows_count;   /* jobs in all windows, */
    uint64_t windows_bytes; /* and bytes of their inputs */
    bool is_draining, is_paused;
    bool is_recovering; /* handed jobs of the run before are being read */
    bool has_recovered; /* there were some */
    bool has_posted;    /* operations since the last turn */

    struct {
        bool is_up;
        bool is_drained;    /* this boot is handed nothing more */
        char *boot;         /* of the last connection; NULL: there was none */
        uint64_t gone_us;   /* its end */
        uint64_t until_us;  /* nothing is handed on before */
        struct timer ready; /* at that time */
        uint64_t payload_max;
        uint32_t job_max, kill_grace_ms;
    } master;

    struct kept_era eras[KEPT_ERAS];
    size_t era_count;
    int64_t offset_ms; /* of the clocks, when looked at last */
    struct timer due;

    struct {
        uint64_t next_ms, stopped_until_us;
        bool is_posted;
        struct timer timer;
    } sweep;

    struct log_limit held_lines, back_lines; /* of modules: any number may be unknown */

    struct {
        struct log_episode queue, store;
    } full;

    struct {
        struct store_ops notes; /* not posted yet */
        struct timer timer;
    } acks;

    struct {
        uint64_t coming;    /* bytes of results that are on their way, */
        uint64_t unwritten; /* and of those that are here, and not stored yet */
        struct timer again;
    } room;

    struct {
        struct kept_list jobs; /* in line */
        uint64_t bytes;        /* being read */
    } bodies;

    struct {
        struct kept_asks waiting; /* for their turn */
        size_t count;             /* being read, with small bodies */
    } loads;

    struct {
        struct kept_list jobs;
        struct kept_modules modules;
    } pass;

    struct {
        uint64_t life;    /* how often this node was taken for dead */
        bool is_adopting; /* jobs of dead nodes are being handed to this one */
        uint64_t nodes;
        uint64_t unfinished;      /* jobs of all nodes */
        size_t tells;             /* events on their way to followers at other nodes */
        struct store_ops refused; /* operations of held jobs that the store could not do, */
        struct timer again;       /* and when these are tried again */
        struct log_limit late_lines;
    } shared;

    void (*observer)(void *arg, struct kept *job, const struct kept_event *event);
    void (*observer_elsewhere)(void *arg, const struct keep_watched *watched);
    void *observer_arg;
};

static inline uint64_t kept_now_us(const struct keep *keep)
{
    return keep->parts.timers->now_us;
}

/* A shared store has a clock of its own: those of its nodes may differ. */
static inline uint64_t kept_wall_ms(const struct keep *keep)
{
    const struct engine_ops *ops = keep->parts.engine_ops;
    return ops->wall_ms ? ops->wall_ms(keep->parts.engine) : keep->parts.wall_ms();
}

/* Many nodes have the store. */
static inline bool kept_is_shared(const struct keep *keep)
{
    return keep->parts.engine_ops->is_shared;
}

/* How long an outcome is kept, if its settings say `ms`. Other nodes with waits for it are told of
 * the end, and read it then. */
static inline uint64_t kept_lifetime_ms(const struct keep *keep, uint64_t ms)
{
    enum { READ_MS = 2000 };
    return kept_is_shared(keep) && ms < READ_MS ? READ_MS : ms;
}

/* The state of a job that is with no node. `alone`: with a store of this node's own. */
static inline enum kept_state kept_unheld(const struct keep *keep, enum kept_state alone)
{
    return kept_is_shared(keep) ? KEPT_ELSEWHERE : alone;
}

static inline bool kept_is_up(const struct keep *keep)
{
    return !kept_is_shared(keep) || keep->parts.engine_ops->is_up(keep->parts.engine);
}

/* The job is with this node. */
static inline bool kept_is_held(const struct kept *job)
{
    return job->state == KEPT_HANDED || job->state == KEPT_RUNNING;
}

static inline struct kept_spot kept_spot_of(const struct kept *job)
{
    return (struct kept_spot){job->stored->wish.priority, job->stored->seq};
}

/* Empty and whole. Nothing has a place before its reach. */
static inline void kept_window_init(struct kept_window *window)
{
    for (size_t i = 0; i < KEPT_PRIORITIES; i++)
        TAILQ_INIT(&window->lines[i]);
    window->is_whole = true;
    window->reach = (struct kept_spot){.priority = KEPT_PRIORITIES};
}

/* An operation in progress changes the job in the store. */
static inline bool kept_is_changing(const struct kept *job)
{
    return job->is_writing && !job->is_reading;
}

/* The next pass looks at the job: it may be freed there. */
static inline void kept_touch(struct kept *job)
{
    if (job->is_touched)
        return;
    job->is_touched = true;
    TAILQ_INSERT_TAIL(&job->keep->pass.jobs, job, touched);
}

static inline void kept_touch_module(struct kept_module *module)
{
    if (module->is_touched)
        return;
    module->is_touched = true;
    TAILQ_INSERT_TAIL(&module->keep->pass.modules, module, touched);
}

#endif
