/*
 * signals: the signals with a meaning for the master. No other signal ends or stops it.
 *
 *     TERM, INT, QUIT      the end, in order
 *     HUP                  a reload; an early one is kept for the loop
 *     CHLD                 a child has ended
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

#include <event2/event.h>
#include <stdbool.h>

enum { SIGNALS_HEARD = 7 };

struct signals {
    struct event *events[SIGNALS_HEARD];
};

/* To be called first. Until signals_open(), TERM, INT and QUIT end the process with status 0: there
 * is nothing to end yet. */
void signals_begin(void);

/* From now on the loop calls `call` for each signal with a meaning. */
void signals_open(struct signals *signals, struct event_base *base, event_callback_fn call,
                  void *arg);

/* Whether the signal asks for the end. Each of these counts. */
bool signals_is_end(int signo);

/* No signal does anything from now on: the process is on its way out. */
void signals_close(struct signals *signals);

#endif
