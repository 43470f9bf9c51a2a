/*
 * queue: taskqueued in front of the round's master: its clients, its faults and its figures, from
 * the round's start until the master comes to rest alone. Without jobs of its own in the plan there
 * is no queue.
 *
 * Its faults are apart from the plan's: they are counted in jobs of the queue.
 */
#ifndef TORTURE_QUEUE_H
#define TORTURE_QUEUE_H

#include "plan.h"
#include "queue_client.h"
#include "relay.h"

enum { QUEUE_CLIENTS = 6 };

enum queue_phase {
    QUEUE_OFF,
    QUEUE_STARTING, /* until it greets */
    QUEUE_FIRST,    /* the first one, until it has its master; then the first figures are taken */
    QUEUE_UP,
    QUEUE_ENDING,   /* killed, or told to end */
    QUEUE_SETTLING, /* every job is asked for */
    QUEUE_RESTING,  /* until it tells that nothing is left; then the last figures are taken */
    QUEUE_LEAVING,  /* the last end */
};

struct queue {
    const struct plan *plan;
    struct loop *loop;
    struct ledger *ledger;
    struct queued daemon;
    struct relay relay;
    struct queue_work work;
    struct queue_client clients[QUEUE_CLIENTS];
    enum queue_phase phase;
    uint32_t scale;
    struct connection watch; /* the monitor: pings and stats, always one of them on its way */
    bool pinging, tainted, ends_well, finishing;
    uint64_t ping_us, ping_busy_us, ping_waited_us, own_waited_us;
    uint64_t connect_us, finish_us;
    size_t faults, next_fault; /* next_fault: the number of jobs when it strikes */
    bool stopped;
    struct loop_timer next, go_on;
};

void queue_init(struct queue *queue, struct loop *loop, const struct plan *plan,
                struct ledger *ledger, const char *dir, const char *build, uint32_t scale);
void queue_free(struct queue *queue);

/* The master works; it is about to go, or gone. */
void queue_master_up(struct queue *queue, const struct sockaddr_in *addr);
void queue_master_leaves(struct queue *queue);
void queue_master_down(struct queue *queue);

/* Work in the measure of the master's clients: so many of their jobs were submitted. */
void queue_step(struct queue *queue, uint64_t submitted);

/* The master's clients are done. True when the queue is over, too. */
bool queue_finish(struct queue *queue);

#endif
