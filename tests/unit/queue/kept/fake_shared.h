/*
 * fake_shared: engines of several nodes on one store in memory: fake_engine's, with holders,
 * followers and news, as engine.h has them.
 *
 * A node's operations are done at flush(), and its answers and news come in one order when the test
 * says so. A node may be cut off: its operations wait. It may be taken for dead: it holds nothing
 * any more, and hears of that when it reaches the store again.
 */
#ifndef TASKMASTER_TESTS_UNIT_QUEUE_KEPT_FAKE_SHARED_H
#define TASKMASTER_TESTS_UNIT_QUEUE_KEPT_FAKE_SHARED_H

#include "tests/unit/queue/kept/fake_engine.h"

enum { FAKE_NODES = 3, FAKE_SEQ_MAX = 65536 };

/* A node's engine: fake_engine's struct, and what it is of a node. */
struct fake_node {
    struct engine engine; /* posted operations alone */
    STAILQ_HEAD(, fake_item) items;
    uint64_t epoch;
    bool is_cut;         /* off the store; */
    bool is_up;          /* as told */
    bool has_no_numbers; /* for new jobs, though it is up */
    bool watches;
    const struct engine_news *news;
    void *arg;
};

extern struct engine fake_store; /* rows, pauses, counts */
extern struct fake_node fake_nodes[FAKE_NODES];
extern const struct engine_ops fake_shared_ops;
extern uint64_t (*fake_shared_wall_ms)(void);

/* What is done at the store, before. */
extern void (*fake_shared_looked_at)(const struct fake_node *node, const struct store_op *op);

void fake_shared_init(void);
void fake_shared_free(void);

/* A node begins: it joins under a new epoch. */
void fake_node_join(struct fake_node *node);

/* Its process has died: nothing is answered. */
void fake_node_crash(struct fake_node *node);

/* Calls the first answer or news. False: there is none. */
bool fake_node_answer(struct fake_node *node);

/* Cut off, and back. */
void fake_node_cut(struct fake_node *node);
void fake_node_mend(struct fake_node *node);

/* Operations that wait while the node is cut off are given up, but for those of held jobs; whether
 * one comes about all the same is the test's. */
void fake_node_give_up(struct fake_node *node, bool (*comes_about)(void));

/* The lease is over. */
void fake_node_dies(struct fake_node *node);

/* Times, work, orphans, counts. */
void fake_node_tick(struct fake_node *node);

/* So many operations of held jobs are not done, by a fault of the store. */
extern size_t fake_shared_faults;

/* How often the job has ended. */
extern uint32_t fake_shared_ends[FAKE_SEQ_MAX];

/* Who has the job: an epoch, or 0. */
uint64_t fake_shared_holder(uint64_t seq);
void fake_shared_hold(uint64_t seq, uint64_t epoch);
bool fake_shared_is_alive(uint64_t epoch);
uint64_t fake_shared_last_seq(void);
size_t fake_shared_held(const struct fake_node *node);

#endif
