/*
 * keep: all kept jobs: admission, handing on, outcomes, retries, delays, keys, limits. It reads no
 * socket, no JSON and no SQL: it calls the engine's table of operations (store/engine.h) and the
 * master's (master.h), and tells followers (follower.h).
 *
 * Public calls and timers only change the state, and touch jobs and modules. The turn of the loop
 * ends in one pass over the touched ones, keep_turn(): it hands on, and frees records. So a record
 * that was found in a turn is there until its end, and nothing is answered amid a call.
 */
#ifndef TASKMASTER_QUEUE_KEPT_KEEP_H
#define TASKMASTER_QUEUE_KEPT_KEEP_H

#include "base/payload.h"
#include "base/timers.h"
#include "queue/kept/ask.h"
#include "queue/kept/follower.h"
#include "queue/kept/master.h"
#include "queue/kept/settings.h"
#include "queue/store/engine.h"

/* What a keep is made of; all is borrowed. */
struct keep_parts {
    struct timers *timers;
    uint64_t (*wall_ms)(void); /* since 1970 */
    uint64_t (*random)(void);
    struct payload_budget *payloads; /* of inputs read from the store, */
    struct payload_budget *output;   /* and of results */
    const struct engine_ops *engine_ops;
    struct engine *engine;
    const struct kept_master_ops *master;
    void *master_arg;
    const struct keep_settings *settings;
};

/* Counts of the whole queue, or of one module or owner. */
struct keep_counts {
    uint64_t waiting, delayed, handed, running, ended;             /* now */
    uint64_t submitted, joined, done, failed, cancelled, poisoned; /* so far */
    uint64_t retried, returned, overloads, refused;                /* so far */
    uint64_t unconfirmed, adopted,
        late; /* likewise, of a shared store: submits, jobs of dead nodes,
               * and outcomes that came after another node had the job */
};

struct keep_module_view {
    const char *name;
    struct keep_counts counts;
    bool is_paused;
    uint64_t held_ms;        /* nothing is handed on for so long; 0: it is not held */
    const char *held_reason; /* NULL */
    uint64_t run_us;         /* of late */
};

/* Reads engine->contents(): jobs HANDED in the store are waiting again, as after a loss. A shared
 * engine is to tell its news to the keep: listen(engine, &keep_news, keep). */
struct keep *keep_new(const struct keep_parts *parts);
extern const struct engine_news keep_news;
void keep_free(struct keep *keep);

/* Changes the settings. */
void keep_configure(struct keep *keep, const struct keep_settings *settings);

/* Whether a submit of `owner` finds room now: asked at its header, and by keep_submit() again. */
enum kept_refusal keep_admits(struct keep *keep, const char *owner);

/* A new job. Takes over `stored` (wish and run.due_ms are set) and the payload (NULL: empty). The
 * follower hears of ACCEPTED if it wants to or is detached, or of REFUSED; never in this call. */
void keep_submit(struct keep *keep, struct stored_job *stored, struct payload *input,
                 struct kept_follower *follower);

/* The record, if it is in memory. */
struct kept *keep_find(struct keep *keep, uint64_t seq);

/* The wall clock by which delays, limits and outcomes are kept, since 1970: the store's own, if
 * many nodes share it. */
uint64_t keep_wall_ms(const struct keep *keep);

/* No job submitted so far has a greater number; of other nodes' jobs, those of the next moment may
 * have smaller ones, too. 0: there was none. */
uint64_t keep_last_seq(const struct keep *keep);

/* Nothing of the module (NULL: nothing at all) is handed on, or is again. `answered` comes once it
 * is stored, or cannot be, as the store cannot be reached. */
void keep_pause(struct keep *keep, const char *module, bool on,
                void (*answered)(void *arg, bool is_stored), void *arg);

/* Whether the module is paused, or (NULL) all are. */
bool keep_is_paused(const struct keep *keep, const char *module);

/* Nothing more is handed on: the queue ends. */
void keep_drain(struct keep *keep);

/* The process ends: jobs that the master has not begun are waiting again, and have lost no attempt.
 * Those that it has begun stay as they are: the next start lets the master end them first. */
void keep_take_back(struct keep *keep);

/* Jobs with the master, jobs in memory, and operations of the store in progress. */
size_t keep_handed_count(const struct keep *keep);
size_t keep_record_count(const struct keep *keep);
size_t keep_busy_count(const struct keep *keep);

/* At the end of each turn of the loop, before output is written: the pass; then posted operations
 * go to the engine. */
void keep_turn(struct keep *keep);

/* Posts an operation of the caller's own, such as a list, among those of the keep. */
void keep_post(struct keep *keep, struct store_op *op);

/* Something has happened since the last keep_turn(): the next turn of the loop must not wait. */
bool keep_has_work(const struct keep *keep);

/* --- views --- */

const struct keep_counts *keep_counts(const struct keep *keep);

/* Calls for each module with jobs, pauses or holds. */
void keep_each_module(struct keep *keep, void (*call)(void *arg, const struct keep_module_view *),
                      void *arg);

/* An event of a job at another node. Texts are borrowed for the call. */
struct keep_watched {
    uint64_t seq;
    const char *state; /* accepted, started, retry, done, failed */
    const char *module, *reason;
    uint32_t attempt;
};

/* Events of all jobs, for `watch` and `monitor`: NULL, or called for each. `type` is
 * KEPT_EVENT_ACCEPTED, STARTED, RETRY or ENDED. Those of jobs at other nodes are told to the second
 * one, with the same `arg`. */
void keep_set_observer(struct keep *keep,
                       void (*call)(void *arg, struct kept *job, const struct kept_event *event),
                       void *arg);
void keep_set_observer_elsewhere(struct keep *keep,
                                 void (*call)(void *arg, const struct keep_watched *watched));

/* Whether the store can be reached. */
bool keep_is_up(const struct keep *keep);

#endif
