/*
 * engine: where kept jobs are stored: a table of operations, each answered when it is safe.
 *
 * The queue posts operations, and flushes them at the end of each turn of its loop. The engine does
 * all posted ones together, and then calls `done` of each in the loop's thread, in the order of
 * posting. While the engine writes, the next operations gather. So many jobs share one sync of the
 * disk, and a lonely job waits for nobody.
 *
 * Two designs were weighed. In the first, all jobs are in memory, and the store is a log of their
 * changes. The next job is found easily then, but a million waiting jobs take 300 MB, and a start
 * reads them all. In the second, chosen here, the store has the jobs, and memory has the next ones
 * of each module (kept/window.h). The price: a job that is not in memory is loaded before anything
 * is done with it.
 *
 * The queue has one operation of a job in progress at a time, and changes nothing in `op->job`
 * meanwhile: the engine may read it in another thread. An operation on one job names the states
 * that it starts from (below). In another state it is answered with STORE_UNKNOWN, and changes
 * nothing. Of a PUT with a key the engine makes the digest.
 *
 * A backup takes long. It alone is answered out of order, when it is whole.
 */
#ifndef TASKMASTER_QUEUE_STORE_ENGINE_H
#define TASKMASTER_QUEUE_STORE_ENGINE_H

#include "queue/store/stored.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum store_status {
    STORE_OK,
    STORE_UNKNOWN,  /* there is no such job, or not in such a state */
    STORE_NO_ROOM,  /* of PUT and BACKUP: the disk or store-max is full; nothing was changed */
    STORE_JOINED,   /* of PUT: `other` has this key and payload. It is detached from now on if `job`
                     * is; nothing else was changed */
    STORE_CONFLICT, /* of PUT and AGAIN: `other` has the key; nothing was changed */
    STORE_FAILED,   /* of BACKUP: `error` says why */
};

enum store_kind {
    STORE_PUT,    /* a new job, WAITING, DELAYED or HANDED, with its input */
    STORE_LOAD,   /* reads the job `seq`, with its input, its result, or both, as `with_` says */
    STORE_TAKE,   /* reads WAITING jobs of a module with their inputs, in their order */
    STORE_HANDED, /* WAITING -> HANDED: `run` */
    STORE_BACK,   /* any but ENDED -> WAITING or DELAYED: `run` */
    STORE_ENDED,  /* any but ENDED -> ENDED: `run`, `outcome`, `result` */
    STORE_AGAIN,  /* ENDED and failed -> WAITING: `run` */
    STORE_FORGET, /* ENDED -> gone */
    STORE_MARK,   /* without `outcome.over_ms`: notes `run.is_cancelled` of one that is not ENDED;
                   * with   it: notes it of an ENDED one, if that has no key, and the time is sooner
                   * than   the noted one */
    STORE_RIPEN,  /* DELAYED -> WAITING, all of the range that are due at `now_ms`, up to `max`: in
                   * `rows` */
    STORE_EXPIRE, /* reads WAITING and DELAYED jobs of the range whose expires_ms is over at
                   * `now_ms`, up to `max` */
    STORE_SWEEP,  /* ENDED -> gone, all whose over_ms is over at `now_ms`, up to `max`: in `rows` */
    STORE_LIST,   /* reads jobs of a filter behind `behind_seq` by number, up to `max`, looking at
                   * 10,000 at most; `behind_seq` is then the last one looked at. HANDED ones alone
                   * are found by an index, without a bound: the first thing after the start */
    STORE_PAUSE,  /* notes that `module` (NULL: all) is paused, or not */
    STORE_BACKUP, /* writes a copy of the store to `path`, while other operations go on */
    STORE_KINDS
};

/* A job in a list: without bodies, except in TAKE. Both are from malloc(). */
struct store_row {
    STAILQ_ENTRY(store_row) link;
    struct stored_job *job;
};
STAILQ_HEAD(store_rows, store_row);

struct store_filter {
    const char *module, *owner, *reason; /* NULL: any */
    unsigned states;                     /* bits of enum stored_state; 0: any */
};

/* One operation. The engine has it from the post until `done`. Texts are borrowed until then. */
struct store_op {
    STAILQ_ENTRY(store_op) link;
    enum store_kind kind;
    enum store_status status;
    void (*done)(struct store_op *op);

    struct stored_job *job; /* of one job; LOAD: as read, from malloc(), the reader's */
    uint64_t seq;           /* LOAD: its number */
    uint64_t other;         /* JOINED, CONFLICT: the number of the job with the key */
    bool with_input, with_result;
    bool only_small; /* LOAD: bodies over STORED_INLINE_MAX are left out */

    /* of several jobs */
    const char *module;
    uint8_t behind_priority; /* TAKE: behind this place, */
    uint64_t behind_seq;     /* of its jobs; 0: from the beginning */
    uint64_t until_seq;      /* RIPEN, EXPIRE: the range are the numbers over behind_seq up to this
                              * one; 0: without an end. next_ms is of the range, too */
    size_t max;              /* jobs */
    size_t max_bytes;        /* of their inputs; one is read in any case */
    uint64_t now_ms;
    struct store_filter filter;
    struct store_rows rows; /* as read, the reader's */
    bool is_whole;          /* there are no more */
    uint64_t next_ms; /* RIPEN, EXPIRE, SWEEP: when the next is due, now_ms if more of them are
                       * now; 0: none is left. It may be too early if very many jobs of other
                       * ranges are due before, and is looked at again then */

    const char *path; /* BACKUP */
    bool on;          /* PAUSE */
    char error[256];
};
STAILQ_HEAD(store_ops, store_op);

/* What is in the store at the start. */
struct store_count {
    const char *name; /* of a module, or of an owner */
    uint64_t waiting, delayed, handed, ended;
};

struct store_contents {
    uint64_t next_seq;
    uint64_t bytes;
    struct store_count *modules, *owners;
    size_t module_count, owner_count;
    const char **paused; /* modules; "" is all */
    size_t paused_count;
};

struct store_settings; /* settings.h */
struct event_base;

struct engine_ops {
    const char *name;
    /* Opens the store, and starts the engine. NULL after a message in `error`. `failed` is called
     * once if the store is lost (an input or output fault, a broken database): nothing is answered
     * any more, and the process is to end. */
    struct engine *(*open)(const struct store_settings *settings, struct event_base *base,
                           void (*failed)(void *arg, const char *why), void *arg, char *error,
                           size_t error_size);
    const struct store_contents *(*contents)(struct engine *engine);
    void (*post)(struct engine *engine, struct store_op *op);
    void (*flush)(struct engine *engine);
    uint64_t (*bytes)(const struct engine *engine); /* in use now, of store-max */
    /* How many more bytes can be written before the store or the disk is full. Results on their
     * way must find room. */
    uint64_t (*left)(const struct engine *engine);
    /* For a submit: under 90 % of store-max and of the disk. */
    bool (*has_room)(const struct engine *engine);
    /* Changes the settings, as far as they may change. */
    void (*configure)(struct engine *engine, const struct store_settings *settings);
    /* Does all posted operations, calls their `done`, and closes the store. After `failed` nothing
     * is done and called. */
    void (*close)(struct engine *engine);
};

extern const struct engine_ops sqlite_engine;

#endif
