/*
 * shutdown: the end of taskqueued, in phases. Each waits for something, and none comes twice:
 *
 *     RUNNING   --(an end is asked for)--> DRAINING: nothing more is handed on; submits are kept
 *     DRAINING  --(no job is handed)-----> LEAVING: the farewell of clients (daemon/farewell.h)
 *     LEAVING   --(no client)------------> STORING: the store writes what was asked
 *     STORING   --(nothing in progress)--> ENDED
 *
 * DRAINING takes drain-timeout-ms at most. The jobs that run then stay handed on in the store, and
 * run again after the next start; those that the master has not begun lose no attempt. Submits and
 * waits that are open get the close alone. When the end is asked for a second time, no handed job
 * is waited for.
 */
#ifndef TASKMASTER_QUEUE_SHUTDOWN_H
#define TASKMASTER_QUEUE_SHUTDOWN_H

#include "daemon/farewell.h"
#include "queue/kept/keep.h"
#include "queue/own_settings.h"

enum shutdown_phase {
    SHUTDOWN_RUNNING,
    SHUTDOWN_DRAINING,
    SHUTDOWN_LEAVING,
    SHUTDOWN_STORING,
    SHUTDOWN_ENDED,
};

struct shutdown {
    /* The daemon fills these in. */
    const struct end_settings *settings; /* in force */
    struct timers *timers;
    struct keep *keep;
    bool is_shared; /* other nodes work on the store, too */
    struct peers *peers;
    void (*close)(void *arg); /* stops listening */
    void (*leave)(void *arg); /* open submits and waits are not waited for any more */
    void *arg;
    struct farewell farewell; /* its timers, peers and loop, too */

    enum shutdown_phase phase;
    struct timer timer; /* DRAINING or STORING takes too long */
};

void shutdown_init(struct shutdown *shutdown);
void shutdown_free(struct shutdown *shutdown);

/* The end is asked for, once or again. `why` is for the log. */
void shutdown_ask(struct shutdown *shutdown, const char *why);

/* Takes the next step, if its time has come. To be called in each turn of the loop, as the last. */
void shutdown_turn(struct shutdown *shutdown);

#endif
