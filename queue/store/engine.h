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
 *
 * An engine may be shared: many nodes (processes like this one) have one store (queue/redis). Then
 * a job belongs to a node while it is HANDED, and to the store otherwise. A node has no window of
 * waiting jobs: CLAIM hands jobs to it, as many as its master can begin soon. The store may change
 * a job that this node does not hold at any time; so an operation on one names what it expects, and
 * MOVED says that the job is elsewhere by now. A node that the store takes for dead has its jobs
 * taken over; its late operations on these are LOST. Such an engine may be away for a time, and it
 * tells news (struct engine_news): what other nodes did.
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

    /* Of a shared engine alone: */
    STORE_FULL,        /* of PUT: job-max; nothing was changed */
    STORE_QUOTA,       /* of PUT: owner-job-max; nothing was changed */
    STORE_UNCONFIRMED, /* of PUT: the store did not answer in time: the job may be in it, or not */
    STORE_AWAY,        /* the store cannot be reached. Of an operation that changes a job which this
                        * node does not hold, the change may have come about. Of PUT: nothing was
                        * changed. Operations of held jobs wait for the store, but for close() */
    STORE_LOST,  /* of BACK, ENDED, MARK, TELL of a held job: the store has taken this node for
                  * dead; nothing was changed. CLAIM, ADOPT, EXPIRE: likewise; without rows */
    STORE_MOVED, /* of ENDED, MARK, AGAIN, FORGET of a job that is not held: it is in another
                  * state by now; nothing was changed: LOAD tells */
};

enum store_kind {
    STORE_PUT,  /* a new job, WAITING, DELAYED or HANDED, with its input. A shared engine may store
                 * a HANDED one as WAITING (the module is paused, the node was taken for dead): it
                 * sets job->run.state to what is stored */
    STORE_LOAD, /* reads the job `seq`, with its input, its result, or both, as `with_` says */
    STORE_TAKE, /* reads WAITING jobs of a module with their inputs, in their order */
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

    /* Of a shared engine alone. HANDED and TAKE are not of one. */
    STORE_CLAIM, /* WAITING -> HANDED to this node, attempt + 1: up to `max` of the module, in their
                  * order, with their inputs: in `rows`. `is_whole`: no more wait. Without rows it
                  * is not asked again before `work` */
    /* (EXPIRE of a shared engine hands its rows to this node: they are HANDED, attempt unchanged.)
     */
    STORE_ADOPT, /* HANDED to a dead node -> HANDED to this one, up to `max`: in `rows`, without
                  * inputs; nothing else of them changes */
    STORE_HELD,  /* what the store says this node holds: in `rows`, without inputs. After an outage,
                  * a store that has forgotten its last changes may name jobs that the node has
                  * given back or ended; nobody else would ever run these */
    STORE_TELL, /* followers at other nodes hear of `news` of the held job `seq`. Any number of them
                 * may be in progress beside the one operation of the job */
    STORE_NODES, /* all nodes: in `text` */
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

#define STORE_SEQ_PER_MS (UINT64_C(1) << 20)

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

    /* of a shared engine */
    uint32_t job_max, owner_job_max; /* PUT; 0: no bound */
    unsigned wants;                  /* PUT, LOAD, BACK, AGAIN: STORE_WANTS_...: this node follows
                                      * the job from now on, if it is not held here, and hears of it
                                      * by engine_news. Wants of before are replaced; 0: nothing
                                      * changes */
    bool is_held;                    /* BACK, ENDED, MARK, TELL: this node holds the job. Otherwise
                                      * ENDED ends a WAITING or DELAYED one, and MARK notes the wish
                                      * to stop a HANDED one, and tells its node (`stop`) */
    bool kill;                       /* MARK: the wish is to kill */
    const char *by;                  /* MARK: as of struct kept_ask */
    struct store_news *news;         /* TELL; and BACK after a failure (a retry), or NULL */
    char *text;                      /* NODES: a JSON array, from malloc(), the reader's */
};

/* What a node follows of a job that is not held there. Its end is told in any case. */
enum store_wants {
    STORE_WANTS_END = 1u << 0,
    STORE_WANTS_STARTED = 1u << 1,
    STORE_WANTS_PROGRESS = 1u << 2,
    STORE_WANTS_RETRY = 1u << 3,
    STORE_WANTS_SUBMIT = 1u << 4,  /* one of the followers has submitted or joined the job */
    STORE_WANTS_NOTHING = 1u << 5, /* of LOAD, alone: this node follows the job no more */
};

/* An event of a job that another node holds. Texts are borrowed. */
struct store_news {
    enum store_wants what;
    const char *fields;           /* STARTED, PROGRESS: as the master told them; JSON text */
    uint32_t attempt;             /* RETRY: the failed one, */
    const char *reason, *message; /* why, */
    uint64_t delay_ms;            /* and when the next one comes */
};
STAILQ_HEAD(store_ops, store_op);

/* What is in the store at the start. */
struct store_count {
    const char *name; /* of a module, or of an owner */
    uint64_t waiting, delayed, handed, ended;
};

struct store_contents {
    uint64_t next_seq;
    struct store_count all; /* of a shared engine, which may leave out modules and owners if these
                             * are thousands */
    uint64_t nodes;         /* likewise: how many there are */
    uint64_t bytes;
    struct store_count *modules, *owners;
    size_t module_count, owner_count;
    const char **paused; /* modules; "" is all */
    size_t paused_count;
};

/* What a shared engine tells, in the loop's thread, never within a call of the engine's. After an
 * answer of an operation comes the news of what happened after that operation; `work` alone may
 * come earlier.
 *
 * A held job is held under one epoch of the node. Once `lost` was told, no answer hands a job to
 * the node that was handed to the epoch before: such a PUT is told as WAITING, and CLAIM, ADOPT and
 * EXPIRE as LOST. */
struct engine_news {
    /* The store can be reached again (also for the first time), or no longer. */
    void (*up)(void *arg);
    void (*down)(void *arg);
    /* Jobs of the module wait: perhaps they did not before. Told at each tick, too. */
    void (*work)(void *arg, const char *module);
    /* When the next job is due to ripen, to expire, and to be swept; 0: none is. At each tick. */
    void (*times)(void *arg, uint64_t ripe_ms, uint64_t expires_ms, uint64_t over_ms);
    /* A pause has changed: contents() tells. */
    void (*paused)(void *arg);
    /* Counts have changed: contents() tells those of all nodes. Twice a second at most. */
    void (*counted)(void *arg);
    /* Jobs of dead nodes are to be adopted. */
    void (*orphans)(void *arg);
    /* Of a followed job: it has ended, was retried, or is gone. LOAD tells. */
    void (*changed)(void *arg, uint64_t seq);
    void (*told)(void *arg, uint64_t seq, const struct store_news *news);
    /* Of any job at another node, while watch() is on: its state, for `watch` and `monitor`. Texts
     * are borrowed; `state` is accepted, started, retry, done or failed. */
    void (*watched)(void *arg, uint64_t seq, const char *state, uint32_t attempt,
                    const char *module, const char *reason);
    /* Of a held job: another node follows it, or wishes to stop it. */
    void (*followed)(void *arg, uint64_t seq, unsigned wants);
    void (*stop)(void *arg, uint64_t seq, bool kill, const char *by);
    /* The lease ends soon, and cannot be renewed: runs are to be stopped. What this node holds, it
     * may hold still. `down` was told before, and `up` is told once the lease is renewed. Returns
     * the number of these runs. */
    size_t (*expiring)(void *arg, bool kill);
    /* The store has taken this node for dead: it holds nothing any more. Its operations under way
     * are answered with LOST. The node has joined again under another number. */
    void (*lost)(void *arg);
};

struct store_settings; /* settings.h */
struct redis_settings;
struct conn_loop;
struct event_base;

/* What an engine is made of; all is borrowed. */
struct engine_parts {
    const struct store_settings *settings;
    const struct redis_settings *redis; /* of the redis engine; else NULL */
    struct event_base *base;
    struct conn_loop *loop; /* likewise: its connections and timers */
    void (*failed)(void *arg, const char *why);
    void *arg;
};

struct engine_ops {
    const char *name;
    bool is_shared;
    /* Opens the store, and starts the engine. NULL after a message in `error`. `failed` is called
     * once if the store is lost (an input or output fault, a broken database): nothing is answered
     * any more, and the process is to end. */
    struct engine *(*open)(const struct engine_parts *parts, char *error, size_t error_size);
    const struct store_contents *(*contents)(struct engine *engine);
    void (*post)(struct engine *engine, struct store_op *op);
    void (*flush)(struct engine *engine);
    uint64_t (*bytes)(const struct engine *engine); /* in use now, of store-max */
    /* How many more bytes can be written before the store or the disk is full. Results on their
     * way must find room. */
    uint64_t (*left)(const struct engine *engine);
    /* For a submit: under 90 % of store-max and of the disk. */
    bool (*has_room)(const struct engine *engine);
    /* Changes the settings, as far as they may change. Those before are gone after the call. */
    void (*configure)(struct engine *engine, const struct store_settings *settings,
                      const struct redis_settings *redis);
    /* Of a shared engine alone, else NULL. Who hears of news; before the first turn of the loop. */
    void (*listen)(struct engine *engine, const struct engine_news *news, void *arg);
    bool (*is_up)(const struct engine *engine);
    /* A number for a new job: greater than the one before, and never given by another node. It
     * grows with the store's clock, STORE_SEQ_PER_MS in a millisecond, so that order holds over all
     * nodes. 0: the engine is not up. */
    uint64_t (*next_seq)(struct engine *engine);
    /* Whether `watched` is wanted here; and whether it is at another node: then that is told of
     * each start (TELL). Other states are told by the operations themselves. */
    void (*watch)(struct engine *engine, bool on);
    bool (*is_watched)(const struct engine *engine);
    /* What `stats` shows in `store` of a shared engine: JSON text of fields ",\"nodes\":3,...". The
     * caller frees it. */
    char *(*stats)(const struct engine *engine);
    /* The store's wall clock, in milliseconds since 1970: nodes' clocks may differ. */
    uint64_t (*wall_ms)(const struct engine *engine);
    /* Does all posted operations, calls their `done`, and closes the store. After `failed` nothing
     * is done and called. */
    void (*close)(struct engine *engine);
};

extern const struct engine_ops sqlite_engine;

#endif
