/*
 * shutdown: how the server ends: what it waits for, for how long, and what clients are told
 * meanwhile.
 *
 * It goes through phases. Each waits for something, and none comes twice:
 *
 *     RUNNING   --(an end is asked for)--> DRAINING: no connections, no jobs; running ones finish
 *     DRAINING  --(no job, no worker)----> HEARING: clients that go on are read to their end
 *     HEARING   --(no client is read)----> ENDING: clients take what waits for them
 *     ENDING    --(no client)------------> ENDED
 *
 * DRAINING takes drain-timeout-ms at most. Then the jobs that still run are stopped, which takes up
 * to kill-grace-ms. HEARING takes a second at most. ENDING takes linger-ms at most; for clients
 * that go on taking their output it takes what is left of drain-timeout-ms, and a second.
 *
 * When the end is asked for a second time, running jobs fail at once, and each later phase takes a
 * tenth of a second. Only ENDING takes longer, while clients go on taking their output.
 */
#ifndef TASKMASTER_SHUTDOWN_H
#define TASKMASTER_SHUTDOWN_H

#include "base/option.h"
#include "base/timers.h"
#include "clients/clients.h"
#include "jobs/dispatcher.h"
#include "net/conn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shutdown_settings {
    uint32_t drain_timeout_ms;
};

extern const struct option_table shutdown_options;

enum shutdown_phase {
    RUNNING,
    DRAINING,
    HEARING,
    ENDING,
    ENDED,
};

struct shutdown {
    /* What it ends; the master fills this in. */
    const struct shutdown_settings *settings; /* in force */
    struct timers *timers;
    struct dispatcher *dispatcher;
    struct clients *clients;
    struct conn_loop *loop;
    void (*close)(void *arg); /* nothing is listened on any more */
    void *arg;

    enum shutdown_phase phase;
    bool stopped;         /* what still ran when draining took too long is not waited for */
    bool hurried;         /* it was asked for twice */
    uint64_t drain_by_us; /* when draining takes too long */
    uint64_t hear_by_us;  /* when no client is read any more */
    size_t untaken;       /* bytes that clients had not taken at the last look, */
    uint64_t taken_us;    /* and when that number had last changed */
    /* DRAINING: stop what still runs; HEARING: who says nothing, who goes on; ENDING: close who
     * still lingers */
    struct timer timer;
};

void shutdown_init(struct shutdown *shutdown);

/* The end is asked for, once or again. `why` is for the log. */
void shutdown_ask(struct shutdown *shutdown, const char *why);

/* To be called in each turn of the loop, behind all else: the next step, if it is time for it. */
void shutdown_turn(struct shutdown *shutdown);

#endif
