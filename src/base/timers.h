/*
 * timers: deadlines in a heap, against a clock turned by the caller.
 *
 * A struct timer lies in its object, and the owner clears the timer before the object goes.
 * timers_turn() gives the time: CLOCK_MONOTONIC in the master, any number in tests. The master
 * fires timers once per turn of the loop, after reading the ready sockets. So timely input is not
 * judged late.
 */
#ifndef TASKMASTER_BASE_TIMERS_H
#define TASKMASTER_BASE_TIMERS_H

#include "base/heap.h"

#include <stdbool.h>
#include <stdint.h>

#define TIMERS_NEVER UINT64_MAX

struct timer {
    struct heap_node due; /* its key: the due time in microseconds */
    void (*fire)(void *arg);
    void *arg;
};

struct timers {
    struct heap set;     /* set timers, by due time */
    uint64_t now_us;     /* of the last timers_turn() */
    uint64_t put_off_us; /* by how much, the last time */
    uint64_t put_off_at_us;
};

void timers_init(struct timers *timers, uint64_t now_us);
void timers_free(struct timers *timers);

/* Moves the clock. It never goes back. */
void timers_turn(struct timers *timers, uint64_t now_us);

/* Fires due timers, the earliest first. A timer is unset before its function runs. The function may
 * set this and other timers. */
void timers_run(struct timers *timers);

/* Likewise, for `most_us` by `clock` and a few timers more: ten thousand may be due at once. False
 * if due timers are left; these fire next. */
bool timers_run_for(struct timers *timers, uint64_t most_us, uint64_t (*clock)(void));

/* Puts every set timer off by `us`. */
void timers_put_off(struct timers *timers, uint64_t us);

/* By how much a time counted from `since_us` on is put off: as a timer set then, if the timers were
 * put off once since. */
static inline uint64_t timers_put_off_since(const struct timers *timers, uint64_t since_us)
{
    return since_us < timers->put_off_at_us ? timers->put_off_us : 0;
}

/* The time at which the earliest timer is due; TIMERS_NEVER without one. */
uint64_t timers_next(const struct timers *timers);

void timer_init(struct timer *timer, void (*fire)(void *arg), void *arg);

/* Sets or moves a timer. */
void timer_set(struct timers *timers, struct timer *timer, uint64_t at_us);
void timer_set_ms(struct timers *timers, struct timer *timer, uint64_t ms_from_now);

/* Sets a timer for the next turn of the loop. The timer does not fire among those of this turn. */
void timer_set_next(struct timers *timers, struct timer *timer);

static inline bool timer_is_set(const struct timer *timer)
{
    return heap_holds(&timer->due);
}

static inline void timer_clear(struct timers *timers, struct timer *timer)
{
    if (timer_is_set(timer))
        heap_remove(&timers->set, &timer->due);
}

#endif
