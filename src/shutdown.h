/*
 * shutdown: the end of the server, in phases. Each phase waits for something, and none comes twice:
 *
 *     RUNNING   --(an end is asked for)--> DRAINING: no connections, no new jobs; jobs finish
 *     DRAINING  --(no job, no worker)----> LEAVING: the farewell of clients (daemon/farewell.h)
 *     LEAVING   --(no client)------------> ENDED
 *
 * DRAINING takes drain-timeout-ms at most. Then the running jobs are stopped, within kill-grace-ms.
 * Waiting jobs fail at its begin or, with drain-waiting "run", at its end. LEAVING takes a second
 * and linger-ms at most; while clients go on taking their output, it takes up to the rest of
 * drain-timeout-ms and a second.
 *
 * When the end is asked for a second time, running jobs fail at once, and the farewell hurries.
 */
#ifndef TASKMASTER_SHUTDOWN_H
#define TASKMASTER_SHUTDOWN_H

#include "base/timers.h"
#include "clients/clients.h"
#include "daemon/farewell.h"
#include "jobs/pools.h"
#include "shutdown_settings.h"

#include <stdbool.h>

enum shutdown_phase {
    RUNNING,
    DRAINING,
    LEAVING,
    ENDED,
};

struct shutdown {
    /* The parts to end; the master fills these in. */
    const struct shutdown_settings *settings; /* in force */
    struct timers *timers;
    struct pools *pools;
    struct clients *clients;
    void (*close)(void *arg);         /* stops listening for clients: DRAINING */
    void (*close_workers)(void *arg); /* likewise for workers: none is left */
    void *arg;

    struct farewell farewell; /* its timers, peers and loop, too */

    enum shutdown_phase phase;
    bool stopped;       /* draining took too long: running jobs are stopped */
    struct timer timer; /* DRAINING: stop running jobs, then all */
};

void shutdown_init(struct shutdown *shutdown);
void shutdown_free(struct shutdown *shutdown);

/* The end is asked for, once or again. `why` is for the log. */
void shutdown_ask(struct shutdown *shutdown, const char *why);

/* The end is asked for, with a wish for the waiting jobs. A further time it only may turn "run"
 * into "fail". */
void shutdown_drain(struct shutdown *shutdown, const char *why, enum drain_waiting waiting);

/* Takes the next step, if its time has come. To be called in each turn of the loop, as the last. */
void shutdown_turn(struct shutdown *shutdown);

#endif
