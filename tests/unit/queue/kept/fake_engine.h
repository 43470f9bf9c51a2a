/*
 * fake_engine: an engine whose store is a list in memory.
 *
 * It is as slow as the test wants: posted operations are done at flush(), and their `done` is
 * called when the test says so. It does the operations as engine.h has them, without indexes, and
 * checks the promises of its user: one operation of a job at a time, and no change meanwhile.
 */
#ifndef TASKMASTER_TESTS_UNIT_QUEUE_KEPT_FAKE_ENGINE_H
#define TASKMASTER_TESTS_UNIT_QUEUE_KEPT_FAKE_ENGINE_H

#include "queue/store/engine.h"
#include "tests/unit/support.h"

enum { FAKE_PAUSED_MAX = 16 };

struct engine {
    struct store_rows rows;           /* the store, by number */
    struct store_ops posted, answers; /* not done; done and not answered */
    uint64_t next_seq;
    bool is_full;                  /* PUT finds no room */
    uint64_t left;                 /* bytes */
    char *paused[FAKE_PAUSED_MAX]; /* owned */
    size_t paused_count;
    size_t counts[STORE_KINDS]; /* operations done */
    struct store_contents contents;
    void (*looked_at)(const struct store_op *op); /* each operation, before it is done; or NULL */
};

extern const struct engine_ops fake_engine_ops;

void fake_engine_init(struct engine *engine);
void fake_engine_free(struct engine *engine);

/* Calls `done` of the first answered operation, or of all, but for those that are posted meanwhile.
 * False: there was none. */
bool fake_engine_answer(struct engine *engine);
bool fake_engine_answer_all(struct engine *engine);

/* The process dies: nothing is answered, and operations not done are lost. */
void fake_engine_crash(struct engine *engine);

/* Does the operation at once. */
enum store_status fake_engine_do(struct engine *engine, struct store_op *op);

/* The stored job; NULL: there is none. */
struct stored_job *fake_engine_find(const struct engine *engine, uint64_t seq);
void fake_engine_remove(struct engine *engine, uint64_t seq);
size_t fake_engine_count(const struct engine *engine, enum stored_state state);

#endif
