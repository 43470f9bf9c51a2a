/*
 * signals: which signals mean something to the master, and that no other one ends or stops it.
 *
 *     TERM, INT, QUIT      the end, in order
 *     HUP                  a reload; one that comes before the loop is kept for it
 *     CHLD                 a child has ended
 *     USR1, USR2           reserved for later
 *     SEGV, BUS, ABRT ...  a fault of our own: the kernel's default
 *     all others           ignored
 *
 * Nothing is left to a default but what tells of a fault. The default of most signals ends or stops
 * a process, whoever sent them and why: a timer that was set before our exec, a terminal that is
 * resized or closed, a limit. And the kernel drops what is left to its default for PID 1, TERM
 * included. An ignored XFSZ makes a write over the limit fail (EFBIG), as any failed write does.
 *
 * Those that the C library keeps to itself (32 and 33 on Linux) cannot be caught. A child gets the
 * defaults back before it runs its program (workers/child.c).
 */
#ifndef TASKMASTER_SIGNALS_H
#define TASKMASTER_SIGNALS_H

#include <event2/event.h>
#include <stdbool.h>

enum { SIGNALS_HEARD = 7 };

struct signals {
    struct event *events[SIGNALS_HEARD];
};

/* To be called first. Until signals_open(), TERM, INT and QUIT end the process with status 0: there
 * is nothing yet that would have to be ended. */
void signals_begin(void);

/* From now on the signals that mean something are told in the loop. */
void signals_open(struct signals *signals, struct event_base *base, event_callback_fn call,
                  void *arg);

/* Whether the signal asks for the end. Each of these counts. */
bool signals_is_end(int signo);

/* No signal does anything from now on: the process is on its way out. */
void signals_close(struct signals *signals);

#endif
