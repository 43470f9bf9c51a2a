/* timers: see timers.h. A binary heap ordered by at_us; each timer knows its slot, so that moving
 * one is O(log n). */
#include "timers.h"

#include "common/log.h"
#include "common/xmalloc.h"

#include <stdlib.h>

void timers_init(struct timers *timers, uint64_t now_us)
{
    *timers = (struct timers){.now_us = now_us};
}

void timers_free(struct timers *timers)
{
    free(timers->heap);
    timers->heap = NULL;
    timers->count = timers->capacity = 0;
}

void timers_turn(struct timers *timers, uint64_t now_us)
{
    if (now_us > timers->now_us)
        timers->now_us = now_us;
}

static void place(struct timers *timers, size_t slot, struct timer *timer)
{
    timers->heap[slot - 1] = timer;
    timer->slot = slot;
}

static void sift_up(struct timers *timers, struct timer *timer, size_t slot)
{
    while (slot > 1 && timers->heap[slot / 2 - 1]->at_us > timer->at_us) {
        place(timers, slot, timers->heap[slot / 2 - 1]);
        slot /= 2;
    }
    place(timers, slot, timer);
}

static void sift_down(struct timers *timers, struct timer *timer, size_t slot)
{
    for (;;) {
        size_t child = slot * 2;
        if (child > timers->count)
            break;
        if (child < timers->count && timers->heap[child]->at_us < timers->heap[child - 1]->at_us)
            child++;
        if (timers->heap[child - 1]->at_us >= timer->at_us)
            break;
        place(timers, slot, timers->heap[child - 1]);
        slot = child;
    }
    place(timers, slot, timer);
}

static void settle(struct timers *timers, struct timer *timer, size_t slot)
{
    if (slot > 1 && timers->heap[slot / 2 - 1]->at_us > timer->at_us)
        sift_up(timers, timer, slot);
    else
        sift_down(timers, timer, slot);
}

void timer_init(struct timer *timer, void (*fire)(void *arg), void *arg)
{
    *timer = (struct timer){.fire = fire, .arg = arg};
}

void timer_set(struct timers *timers, struct timer *timer, uint64_t at_us)
{
    timer->at_us = at_us;
    if (timer->slot) {
        settle(timers, timer, timer->slot);
        return;
    }
    if (timers->count == timers->capacity) {
        timers->capacity = timers->capacity ? timers->capacity * 2 : 64;
        timers->heap = xrealloc(timers->heap, timers->capacity * sizeof(struct timer *));
    }
    timers->count++;
    sift_up(timers, timer, timers->count);
}

void timer_set_ms(struct timers *timers, struct timer *timer, uint64_t ms_from_now)
{
    timer_set(timers, timer, timers->now_us + ms_from_now * 1000);
}

void timer_clear(struct timers *timers, struct timer *timer)
{
    size_t slot = timer->slot;
    if (!slot)
        return;
    bug_on(slot > timers->count || timers->heap[slot - 1] != timer);
    timer->slot = 0;
    struct timer *last = timers->heap[timers->count - 1];
    timers->count--;
    if (last != timer)
        settle(timers, last, slot);
}

bool timer_is_set(const struct timer *timer)
{
    return timer->slot != 0;
}

/* All by the same, so that the heap's order stays. */
void timers_put_off(struct timers *timers, uint64_t us)
{
    for (size_t i = 0; i < timers->count; i++)
        timers->heap[i]->at_us += us;
}

uint64_t timers_next(const struct timers *timers)
{
    return timers->count ? timers->heap[0]->at_us : TIMERS_NEVER;
}

void timers_run(struct timers *timers)
{
    while (timers->count && timers->heap[0]->at_us <= timers->now_us) {
        struct timer *timer = timers->heap[0];
        timer_clear(timers, timer);
        timer->fire(timer->arg);
    }
}
