/*
 * timers: deadlines in a binary heap, against a clock that the caller turns.
 *
 * The heap is intrusive: a struct timer lies in the object that it is about, setting one allocates
 * nothing but the heap's array, and the owner clears it before the object goes. Time is whatever
 * timers_run() is given: the master passes CLOCK_MONOTONIC once per turn of the loop, after all
 * sockets that were ready have been read, so that what has arrived in time is never judged late;
 * tests pass a number.
 */
#ifndef TASKMASTER_TIMERS_H
#define TASKMASTER_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMERS_NEVER UINT64_MAX

struct timer {
    uint64_t at_us;
    size_t slot; /* place in the heap plus one; 0 when not set */
    void (*fire)(void *arg);
    void *arg;
};

struct timers {
    struct timer **heap;
    size_t count, capacity;
    uint64_t now_us; /* of the last timers_turn() */
};

void timers_init(struct timers *timers, uint64_t now_us);
void timers_free(struct timers *timers);

/* Moves the clock. It never goes back. */
void timers_turn(struct timers *timers, uint64_t now_us);

/* Fires what is due at the clock's time, earliest first; a timer is unset before its function runs,
 * which may set it and others again. */
void timers_run(struct timers *timers);

/* Moves every timer that is set by `us`, later. */
void timers_put_off(struct timers *timers, uint64_t us);

/* When the earliest timer is due; TIMERS_NEVER if there is none. */
uint64_t timers_next(const struct timers *timers);

void timer_init(struct timer *timer, void (*fire)(void *arg), void *arg);

/* Sets or moves a timer. */
void timer_set(struct timers *timers, struct timer *timer, uint64_t at_us);
void timer_set_ms(struct timers *timers, struct timer *timer, uint64_t ms_from_now);
void timer_clear(struct timers *timers, struct timer *timer);
bool timer_is_set(const struct timer *timer);

#endif
