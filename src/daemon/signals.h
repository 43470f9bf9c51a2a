/*
 * signals: the signals with a meaning for a daemon. No other signal ends or stops it.
 *
 *     TERM, INT, QUIT      the end, in order
 *     HUP                  a reload; an early one is kept for the loop
 *     CHLD                 a child has ended; for PID 1 also any process without a parent
 *     USR1                 the log's file is opened again
 *     USR2                 reserved for later
 *     SEGV, BUS, ABRT ...  a fault of our own: the kernel's default
 *     all others           ignored
 *
 * Only signals of a fault keep their default. The default of most others ends or stops a process,
 * whatever their sender and reason: a timer set before our exec, a terminal resized or closed, a
 * limit. And for PID 1 the kernel drops signals with a default, TERM included. An ignored XFSZ
 * makes a write over the limit fail (EFBIG), as any failed write does.
 *
 * The C library's own signals (32 and 33 on Linux) cannot be caught. A child gets the defaults back
 * before it runs its program (workers/child.c).
 */
#ifndef TASKMASTER_DAEMON_SIGNALS_H
#define TASKMASTER_DAEMON_SIGNALS_H

#include "base/log_limits.h"
#include "net/loop.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

enum { SIGNALS_HEARD = 7 };

/* What a daemon does on them. Each is called once in a turn of the loop, except `end`. */
struct signals_ops {
    void (*child)(void *arg); /* NULL: the daemon starts none, and any child is reaped */
    void (*reload)(void *arg);
    void (*reopen)(void *arg);
    void (*end)(void *arg, const char *name);
};

struct signals {
    struct event *events[SIGNALS_HEARD];
    struct loop *loop;
    struct log_limits *log_limits; /* any process of our user can send signals in a loop */
    const struct signals_ops *ops;
    void *arg;      /* for them */
    uint64_t heard; /* in this turn, a bit each */
};

/* To be called first. Until signals_open(), TERM, INT and QUIT end the process with status 0: there
 * is nothing to end yet. */
void signals_begin(void);

/* From now on the loop calls `ops` for each signal with a meaning. The other members are filled in.
 */
void signals_open(struct signals *signals);

/* At the begin of each turn of the loop. */
void signals_turn(struct signals *signals);

/* No signal does anything from now on: the process is on its way out. */
void signals_close(struct signals *signals);

#endif
