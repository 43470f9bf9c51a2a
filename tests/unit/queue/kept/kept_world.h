/*
 * kept_world: a keep with an engine in memory, a master that writes down what it is told, and
 * followers that write down what they hear.
 *
 * Calls and events become short texts, separated by commas. A test compares them as a whole.
 *
 *     submit q1       submit q1 again 2 (attempt 2)     stop q1          kill q1
 *     a accepted q1   a accepted q1 joined              a started q1     a progress q1
 *     a done q1       a failed q1 timeout               a retry q1 1 error 1000
 *     a refused queue-full                              a refused key-conflict q1
 *     a left q1,"by":"link"   a gone
 *     ok q1           unknown       denied q1           not-yet q1       (answers to asks)
 */
#ifndef TASKMASTER_TESTS_UNIT_QUEUE_KEPT_KEPT_WORLD_H
#define TASKMASTER_TESTS_UNIT_QUEUE_KEPT_KEPT_WORLD_H

#include "queue/kept/keep.h"
#include "tests/unit/queue/kept/fake_engine.h"

enum { FOLLOWERS = 26, WALL_START_MS = 1700000000 };

struct test_follower {
    struct kept_follower follower;
    char name;
    unsigned ends; /* last events */
};

extern struct timers timers;
extern struct payload_budget budget;
extern struct engine engine;
extern struct keep_settings settings;
extern const struct keep_settings usual_settings;
extern struct keep *keep;
extern struct test_follower followers[FOLLOWERS];
extern bool silent; /* nothing is written down */
extern int64_t wall_offset_ms;

extern struct world_hooks {
    void (*submit)(struct kept *job);
    void (*stop)(struct kept *job, bool kill);
    void (*event)(struct test_follower *follower, const struct kept_event *event);
} hooks;

/* A keep with an empty store, and a master; with usual settings unless others are set before. */
void open_world(void);
void open_keep(void);
void close_keep(void);
void close_world(void);

/* The process dies, and another one starts. */
void crash(void);

void master_up(const char *boot);

/* One turn of the loop: due timers, all answers of the engine, the pass. */
void turn(void);

/* Turns until nothing is in progress. */
void settle(void);

/* Time passes, in steps of at most a second; the wall clock goes with it. */
void pass_ms(uint64_t ms);
uint64_t wall_ms(void);

/* The wishes of a submit: SUBMIT('a', .priority = 7). Its module is `echo`, its input `hi`. */
struct wish {
    struct stored_wish wish;
    const char *input;
    uint64_t due_ms, delay_ms;
    unsigned wants;
};
void submit_as(char name, struct wish wish);
#define SUBMIT(name, ...) submit_as(name, (struct wish){__VA_ARGS__})

/* Asks, and settles. */
void asks(enum kept_ask_kind kind, uint64_t seq);
void asks_in_flight(struct kept_ask *ask, enum kept_ask_kind kind, uint64_t seq);
void waits(char name, uint64_t seq);

/* Events of the master, and a turn. */
void starts(uint64_t seq);
void ends(uint64_t seq, struct kept_end end);
void done(uint64_t seq);
void fails(uint64_t seq, const char *reason);

/* What was written down since the last time. */
void ck_told_at(const char *file, int line, const char *expected);
#define ck_told(expected) ck_told_at(__FILE__, __LINE__, expected)

struct stored_job *row(uint64_t seq);

#endif
