/*
 * farewell: the last phases of a daemon, once its work is done. Each waits for something:
 *
 *     HEARING  --(no client is read)--> TAKING: clients take their output
 *     TAKING   --(no client)----------> OVER
 *
 * In HEARING, clients that go on sending are read and answered, because requests may be on their
 * way; a silent client is not waited for. The phase takes a second at most. TAKING takes linger-ms
 * at most; while clients go on taking their output, it takes up to the daemon's own limit and a
 * second. In a hurry each phase takes a tenth of a second; only TAKING takes longer, while clients
 * go on taking their output.
 */
#ifndef TASKMASTER_DAEMON_FAREWELL_H
#define TASKMASTER_DAEMON_FAREWELL_H

#include "base/timers.h"
#include "net/conn.h"
#include "peers/peers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum farewell_phase {
    FAREWELL_NONE,
    FAREWELL_HEARING,
    FAREWELL_TAKING,
    FAREWELL_OVER,
};

struct farewell {
    /* The daemon fills these in. */
    struct timers *timers;
    struct peers *peers;
    struct conn_loop *loop;
    uint64_t by_us; /* the daemon's limit for its end */
    /* Each may be NULL. */
    void (*begin_taking)(void *arg); /* nothing is read any more */
    bool (*is_telling)(void *arg);   /* events are still to be written: the limits move on */
    bool (*is_done)(void *arg);      /* nothing but clients is waited for */
    void (*give_up)(void *arg);      /* it is not done in time: ends the process */
    void *arg;

    enum farewell_phase phase;
    bool hurried;
    uint64_t hear_by_us; /* the end of HEARING */
    size_t untaken;      /* bytes of output left for clients at the last look */
    uint64_t taken_us;   /* the last change of that number */
    /* HEARING: end silent clients, then all; TAKING: close the clients left */
    struct timer timer;
};

void farewell_init(struct farewell *farewell);
void farewell_free(struct farewell *farewell);

/* The work is done. */
void farewell_begin(struct farewell *farewell);

/* The end was asked for once more: begins the farewell, or the phase again, in a hurry. */
void farewell_hurry(struct farewell *farewell);

/* Takes the next step, if its time has come. To be called in each turn of the loop. */
void farewell_turn(struct farewell *farewell);

#endif
