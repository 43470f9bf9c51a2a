/*
 * timers: deadlines in a heap, against a clock that the caller turns.
 *
 * A struct timer lies in the object that it is about, and the owner clears it before the object
 * goes. Time is whatever timers_turn() is given: CLOCK_MONOTONIC in the master, a number in tests.
 * The master fires timers once per turn of the loop, after the sockets that were ready have been
 * read, so that what has arrived in time is not judged late.
 */
#ifndef TASKMASTER_BASE_TIMERS_H
#define TASKMASTER_BASE_TIMERS_H

#include "base/heap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMERS_NEVER UINT64_MAX

struct timer {
    struct heap_node due; /* its key: when, in microseconds */
    void (*fire)(void *arg);
    void *arg;
};

struct timers {
    struct heap set; /* timers that are set, by when they are due */
    uint64_t now_us; /* of the last timers_turn() */
};

void timers_init(struct timers *timers, uint64_t now_us);
void timers_free(struct timers *timers);

/* Moves the clock. It never goes back. */
void timers_turn(struct timers *timers, uint64_t now_us);

/* Fires what is due at the clock's time, earliest first; a timer is unset before its function runs,
 * which may set it and others again. */
void timers_run(struct timers *timers);

/* Likewise, for `most_us` by that clock and a few timers more: ten thousand may be due at the same
 * moment. False if some are left; they are the next to fire. */
bool timers_run_for(struct timers *timers, uint64_t most_us, uint64_t (*clock)(void));

/* Moves every timer that is set by `us`, later. */
void timers_put_off(struct timers *timers, uint64_t us);

/* When the earliest timer is due; TIMERS_NEVER if there is none. */
uint64_t timers_next(const struct timers *timers);

void timer_init(struct timer *timer, void (*fire)(void *arg), void *arg);

/* Sets or moves a timer. */
void timer_set(struct timers *timers, struct timer *timer, uint64_t at_us);
void timer_set_ms(struct timers *timers, struct timer *timer, uint64_t ms_from_now);

/* For what goes on in the next turn of the loop: not among the timers that fire now. */
void timer_set_next(struct timers *timers, struct timer *timer);

void timer_clear(struct timers *timers, struct timer *timer);
bool timer_is_set(const struct timer *timer);

#endif
