/*
 * loop: the turns of a daemon: wait, handle ready descriptors, run due timers.
 *
 * Time stands still within a turn, except where a callback calls timers_turn().
 *
 * A daemon that was stopped, or got no CPU, forgives the delay: nobody else is late for that. Input
 * sent meanwhile is not read yet (after SIGCONT epoll_wait returns without a look at its
 * descriptors), and a peer may wait for our half of a greeting. So every deadline moves on by the
 * time of the stop and a second. A long turn of our own is no such reason: a peer that causes one
 * could keep the deadlines of others from ever passing.
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
    struct timers timers;
    bool timers_late; /* the last turn had no time for all due timers */
    struct stall stall;
};

void loop_open(struct loop *loop);
void loop_close(struct loop *loop); /* once no event and no timer is left */

void loop_turn(struct loop *loop);

#endif
