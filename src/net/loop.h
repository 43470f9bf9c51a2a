/*
 * loop: the turns of a daemon: wait, handle ready descriptors, run due timers.
 *
 * Time stands still within a turn, except where a callback calls timers_turn().
 *
 * After a stop of the daemon, or a time without CPU, every deadline moves on by that time and a
 * second. Peers are not to blame for such a delay: their input is not read yet (after SIGCONT
 * epoll_wait returns without a look at its descriptors), and they may wait for our half of a
 * greeting. A long turn of our own moves no deadline: a peer could cause such turns, and keep the
 * deadlines of others from ever passing.
 */
#ifndef TASKMASTER_NET_LOOP_H
#define TASKMASTER_NET_LOOP_H

#include "base/stall.h"
#include "base/timers.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

struct loop {
    struct event_base *base;
    struct event *wake; /* fires when the earliest timer is due */
    uint64_t wake_at_us;
    uint64_t begun_us; /* the beginning of this turn, or of the last one */
    struct timers timers;
    bool timers_late; /* the last turn had no time for all due timers */
    bool in_haste;    /* the next turn does not wait */
    struct stall stall;
};

void loop_open(struct loop *loop);
void loop_close(struct loop *loop); /* once no event and no timer is left */

void loop_turn(struct loop *loop);

/* The next turn does not wait for events: the daemon has found work behind them. */
static inline void loop_hurry(struct loop *loop)
{
    loop->in_haste = true;
}

#endif
