/*
 * nodes: several nodes on one Redis, in one process, each with an engine and a loop of its own.
 *
 * A node has its turns in the calls here alone: one that is left out is as dead as a process that
 * was stopped. What its engine tells is written down as lines of words.
 */
#ifndef TASKMASTER_TESTS_REDIS_NODES_H
#define TASKMASTER_TESTS_REDIS_NODES_H

#include "tests/unit/queue/redis/own_redis.h"
#include "tests/unit/queue/store/engine_world.h"
#include "tests/unit/support.h"

struct node {
    struct world *world;
    char heard[8192]; /* "followed 17 3;changed 17;", without work, times and counted */
    bool has_work;    /* since it was cleared */
    uint64_t ripe_ms, expires_ms, over_ms;
    struct node *next;
};

/* Of the program, for all tests: prefix, addresses and bounds of the next nodes. */
void nodes_prepare(struct world *world);
extern struct own_redis nodes_server;
extern struct redis_settings nodes_settings;

struct node *node_new(void);
void node_free(struct node *node);

/* Turns of all nodes of the list until the condition holds, or a minute is over. */
void nodes_turn(struct node *first);
#define nodes_until(first, condition)                                           \
    do {                                                                        \
        uint64_t until_us_ = clock_us() + 60000000;                             \
        while (!(condition)) {                                                  \
            hot_assert_msg(clock_us() < until_us_, "never so: %s", #condition); \
            nodes_turn(first);                                                  \
        }                                                                       \
    } while (0)

bool node_heard(const struct node *node, const char *text);
void node_hear(struct node *node); /* listens, from now on */

/* Jobs of module echo, but for the last one. */
enum store_status node_put(struct node *node, uint64_t seq, enum stored_state state);
enum store_status node_put_job(struct node *node, struct stored_job *job);
/* The numbers of the jobs: "1 2". */
const char *node_claim(struct node *node, size_t max);
const char *node_adopt(struct node *node);
/* "w1": waiting, attempt 1; "": there is none. */
const char *node_look(struct node *node, uint64_t seq, unsigned wants);
enum store_status node_end(struct node *node, uint64_t seq, bool is_held);

#endif
