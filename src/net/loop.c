/* loop: see loop.h. */
#include "net/loop.h"

#include "base/clock.h"
#include "common/log.h"

#include <sysexits.h>

enum {
    TIMERS_US = 5000,   /* of a turn, for due timers */
    STALL_US = 1000000, /* a longer stop is forgiven */
};

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct loop *loop = arg;
    (void)fd;
    (void)what;
    loop->wake_at_us = TIMERS_NEVER;
}

void loop_open(struct loop *loop)
{
    *loop = (struct loop){.wake_at_us = TIMERS_NEVER};
    /* Cached time would be late by a turn, and nothing asks libevent for it. */
    struct event_config *options = event_config_new();
    if (options)
        event_config_set_flag(options, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_NO_CACHE_TIME);
    loop->base = options ? event_base_new_with_config(options) : NULL;
    event_config_free(options);
    if (!loop->base || !(loop->wake = evtimer_new(loop->base, on_wake, loop)))
        fatal(EX_OSERR, "cannot make an event loop");
    timers_init(&loop->timers, clock_us());
}

void loop_close(struct loop *loop)
{
    timers_free(&loop->timers);
    event_free(loop->wake);
    event_base_free(loop->base);
}

static void set_wake(struct loop *loop, uint64_t now)
{
    uint64_t next = timers_next(&loop->timers);
    if (next >= loop->wake_at_us)
        return; /* it wakes early enough already */
    uint64_t wait_us = next > now ? next - now : 0;
    struct timeval tv = {(time_t)(wait_us / 1000000), (suseconds_t)(wait_us % 1000000)};
    if (event_add(loop->wake, &tv) < 0)
        fatal(EX_OSERR, "cannot set a timer");
    loop->wake_at_us = next;
}

static void forgive_stall(struct loop *loop)
{
    uint64_t next = timers_next(&loop->timers), now = loop->timers.now_us;
    if (next >= now || now - next < STALL_US || loop->timers_late)
        return;
    uint64_t stalled = stall_length(&loop->stall, next, now, clock_cpu_us);
    if (stalled < STALL_US)
        return;
    log_event(LOG_WARN, "stalled", LOG_UINT("late_ms", stalled / 1000),
              LOG_STR("hint", "the server was stopped or got no CPU; deadlines were put off"));
    timers_put_off(&loop->timers, stalled + STALL_US);
}

void loop_turn(struct loop *loop)
{
    uint64_t begin = clock_us();
    loop->begun_us = begin;
    stall_turn(&loop->stall, begin, clock_cpu_us);
    set_wake(loop, begin);
    if (event_base_loop(loop->base, EVLOOP_ONCE | (loop->in_haste ? EVLOOP_NONBLOCK : 0)) < 0)
        fatal(EX_OSERR, "the event loop failed");
    loop->in_haste = false;
    timers_turn(&loop->timers, clock_us());
    forgive_stall(loop);
    loop->timers_late = !timers_run_for(&loop->timers, TIMERS_US, clock_us);
}
