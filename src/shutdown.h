/*
 * shutdown: the end of the server, in phases. Each phase waits for something, and none comes twice:
 *
 *     RUNNING   --(an end is asked for)--> DRAINING: no connections, no new jobs; jobs finish
 *     DRAINING  --(no job, no worker)----> HEARING: sending clients are read to their end
 *     HEARING   --(no client is read)----> ENDING: clients take their output
 *     ENDING    --(no client)------------> ENDED
 *
 * DRAINING takes drain-timeout-ms at most. Then the running jobs are stopped, within kill-grace-ms.
 * Waiting jobs fail at its begin or, with drain-waiting "run", at its end.
 * HEARING takes a second at most. ENDING takes linger-ms at most; while clients go on taking their
 * output, it takes up to the rest of drain-timeout-ms and a second.
 *
 * When the end is asked for a second time, running jobs fail at once, and each later phase takes a
 * tenth of a second. Only ENDING takes longer, while clients go on taking their output.
 */
#ifndef TASKMASTER_SHUTDOWN_H
#define TASKMASTER_SHUTDOWN_H

#include "base/timers.h"
#include "clients/clients.h"
#include "jobs/pools.h"
#include "net/conn.h"
#include "shutdown_settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shutdown_phase {
    RUNNING,
    DRAINING,
    HEARING,
    ENDING,
    ENDED,
};

struct shutdown {
    /* The parts to end; the master fills these in. */
    const struct shutdown_settings *settings; /* in force */
    struct timers *timers;
    struct pools *pools;
    struct clients *clients;
    struct conn_loop *loop;
    void (*close)(void *arg);         /* stops listening for clients: DRAINING */
    void (*close_workers)(void *arg); /* likewise for workers: none is left */
    void *arg;

    enum shutdown_phase phase;
    bool stopped;         /* draining took too long: running jobs are stopped */
    bool hurried;         /* the end was asked for twice */
    uint64_t drain_by_us; /* the end of DRAINING */
    uint64_t hear_by_us;  /* the end of HEARING */
    size_t untaken;       /* bytes of output left for clients at the last look */
    uint64_t taken_us;    /* the last change of that number */
    /* DRAINING: stop running jobs; HEARING: end silent clients, then all; ENDING: close the
     * clients left */
    struct timer timer;
};

void shutdown_init(struct shutdown *shutdown);

/* The end is asked for, once or again. `why` is for the log. */
void shutdown_ask(struct shutdown *shutdown, const char *why);

/* The end is asked for, with a wish for the waiting jobs. A further time it only may turn "run"
 * into "fail". */
void shutdown_drain(struct shutdown *shutdown, const char *why, enum drain_waiting waiting);

/* Takes the next step, if its time has come. To be called in each turn of the loop, as the last. */
void shutdown_turn(struct shutdown *shutdown);

#endif
