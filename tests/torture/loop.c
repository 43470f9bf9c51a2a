/* loop: see loop.h. */
#include "loop.h"

#include "die.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

uint64_t clock_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void loop_init(struct loop *loop)
{
    *loop = (struct loop){.epoll = epoll_create1(EPOLL_CLOEXEC), .now_us = clock_now_us()};
    if (loop->epoll < 0)
        die("epoll_create1");
    LIST_INIT(&loop->timers);
}

void loop_free(struct loop *loop)
{
    close(loop->epoll);
}

void loop_watch(struct loop *loop, struct loop_watch *watch, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    watch->fd = fd;
    watch->events = events;
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        die("epoll_ctl");
}

void loop_change(struct loop *loop, struct loop_watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    if (events == watch->events)
        return;
    watch->events = events;
    if (epoll_ctl(loop->epoll, EPOLL_CTL_MOD, watch->fd, &event) < 0)
        die("epoll_ctl");
}

void loop_unwatch(struct loop *loop, struct loop_watch *watch)
{
    if (watch->fd < 0)
        return;
    if (epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL) < 0)
        die("epoll_ctl");
    watch->fd = -1;
    for (int i = 0; i < loop->batch_count; i++)
        if (loop->batch[i].data.ptr == watch)
            loop->batch[i].data.ptr = NULL;
}

void loop_set(struct loop *loop, struct loop_timer *timer, uint64_t after_us)
{
    loop_clear(timer);
    timer->at_us = clock_now_us() + after_us;
    LIST_INSERT_HEAD(&loop->timers, timer, link);
}

void loop_clear(struct loop_timer *timer)
{
    if (timer->at_us)
        LIST_REMOVE(timer, link);
    timer->at_us = 0;
}

static struct loop_timer *earliest(const struct loop *loop)
{
    struct loop_timer *timer, *first = NULL;
    LIST_FOREACH (timer, &loop->timers, link)
        if (!first || timer->at_us < first->at_us)
            first = timer;
    return first;
}

static int wait_ms(const struct loop *loop, int max_ms)
{
    const struct loop_timer *first = earliest(loop);
    uint64_t now = clock_now_us();
    if (!first)
        return max_ms;
    if (first->at_us <= now)
        return 0;
    uint64_t ms = (first->at_us - now + 999) / 1000;
    return ms < (uint64_t)max_ms ? (int)ms : max_ms;
}

static void run_timers(struct loop *loop)
{
    struct loop_timer *timer;
    while ((timer = earliest(loop)) && timer->at_us <= loop->now_us) {
        loop_clear(timer);
        timer->fire(timer->arg);
    }
}

/* Notes a delay of our own: the last turn took long, or the wait longer than asked for. */
static void note_delay(struct loop *loop, uint64_t turn_us, uint64_t wait_us)
{
    if (turn_us > wait_us + LOOP_LATE_US)
        loop->late_us = loop->now_us;
}

void loop_turn(struct loop *loop, int max_ms)
{
    int ms = wait_ms(loop, max_ms);
    uint64_t last = loop->now_us, before = clock_now_us();
    loop->busy_us += before - last;
    loop->batch_count = epoll_wait(loop->epoll, loop->batch, LOOP_BATCH, ms);
    if (loop->batch_count < 0 && errno != EINTR)
        die("epoll_wait");
    loop->now_us = clock_now_us();
    note_delay(loop, loop->now_us - last, (uint64_t)ms * 1000);
    for (int i = 0; i < loop->batch_count; i++) {
        struct loop_watch *watch = loop->batch[i].data.ptr;
        if (watch)
            watch->ready(watch->arg, loop->batch[i].events);
    }
    loop->batch_count = 0;
    run_timers(loop);
}
