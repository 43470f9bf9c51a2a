/*
 * loop: one epoll instance and a handful of timers, for the whole of a round.
 *
 * A watch or a timer lies in its owner's struct. It may be removed at any time, even in its own
 * callback: the loop never looks at it again.
 */
#ifndef TORTURE_LOOP_H
#define TORTURE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/queue.h>

enum { LOOP_BATCH = 64, LOOP_LATE_US = 100000 };

struct loop_watch {
    void (*ready)(void *arg, uint32_t events);
    void *arg;
    int fd; /* -1: not watched */
    uint32_t events;
};

struct loop_timer {
    LIST_ENTRY(loop_timer) link;
    void (*fire)(void *arg);
    void *arg;
    uint64_t at_us; /* 0: not set */
};

struct loop {
    int epoll;
    uint64_t now_us; /* CLOCK_MONOTONIC, when the last wait ended */
    uint64_t
        busy_us; /* spent outside of waiting: shows our own delays, as opposed to the daemon's */
    uint64_t late_us; /* when we were late last: a turn had taken LOOP_LATE_US too long */
    LIST_HEAD(, loop_timer) timers;
    struct epoll_event batch[LOOP_BATCH]; /* of the last wait */
    int batch_count;
};

uint64_t clock_now_us(void);

void loop_init(struct loop *loop);
void loop_free(struct loop *loop);

/* Waits for events, at most `max_ms`, and calls their owners. */
void loop_turn(struct loop *loop, int max_ms);

void loop_watch(struct loop *loop, struct loop_watch *watch, int fd, uint32_t events);
void loop_change(struct loop *loop, struct loop_watch *watch, uint32_t events);
void loop_unwatch(struct loop *loop, struct loop_watch *watch);

/* Sets the timer to fire once, `after_us` from now. A second call moves it. */
void loop_set(struct loop *loop, struct loop_timer *timer, uint64_t after_us);
void loop_clear(struct loop_timer *timer);

#endif
