/*
 * engine_world: an engine with a loop, and verbs for its operations, for the tests of any engine.
 *
 * A verb posts one operation, waits for its answer, and returns the status.
 */
#ifndef TASKMASTER_TESTS_ENGINE_WORLD_H
#define TASKMASTER_TESTS_ENGINE_WORLD_H

#include "base/payload.h"
#include "net/conn.h"
#include "net/loop.h"
#include "queue/redis/settings.h"
#include "queue/store/engine.h"
#include "queue/store/settings.h"

struct world {
    const struct engine_ops *ops;
    struct store_settings settings;
    struct redis_settings redis; /* of a shared engine */
    struct loop loop;
    struct conn_loop conns;
    struct engine *engine;
    struct payload_budget budget;
    uint64_t held; /* of a shared engine, by world_hand(): a bit for each of the first 64 numbers */
    size_t answered;
    char failed[256]; /* "": it is not lost */
    char error[256];  /* of a failed open */
};

/* The program's engine, and what is set up for its worlds, or NULL: set by its main(). */
extern const struct engine_ops *world_engine;
extern void (*world_prepare)(struct world *world);

/* A world with an empty store in a directory of its own. */
struct world *world_new(void);
struct world *world_new_synced(enum store_sync sync);
void world_free(struct world *world); /* the directory goes, too */

void world_open(struct world *world);
bool world_tries_to_open(struct world *world);
void world_close(struct world *world);
void world_reopen(struct world *world);

/* A job of module echo, owner web, with this payload; not yet in the store. */
struct stored_job *world_job(struct world *world, uint64_t seq, const char *input);
struct stored_job *world_job_like(struct world *world, uint64_t seq, const struct stored_wish *wish,
                                  const char *input);
/* The first `size` bytes of a pattern. */
struct payload *world_payload(struct world *world, size_t size);
void world_job_free(struct stored_job *job); /* with its payloads */

/* Posts, flushes, and waits for the answer. */
enum store_status world_do(struct world *world, struct store_op *op);
enum store_status world_do_job(struct world *world, enum store_kind kind, struct stored_job *job);
/* The job is handed on: HANDED, or CLAIM of a shared engine, where it is to be the next one. */
void world_hand(struct world *world, struct stored_job *job);
/* One turn of the loop. */
void world_turn(struct world *world);
/* Waits until so many operations are answered since the beginning. */
void world_wait(struct world *world, size_t answered);
void world_count_answer(struct store_op *op); /* for op->done */

/* PUT of world_job(), and its free. */
void world_put(struct world *world, uint64_t seq, const char *input);
/* LOAD with both bodies; NULL: unknown. */
struct stored_job *world_load(struct world *world, uint64_t seq);
void world_rows_free(struct store_op *op);

#endif
