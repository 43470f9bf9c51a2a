/* timers: see timers.h. */
#include "base/timers.h"

#include <stddef.h>

enum { LOOK_BATCH = 8 }; /* timers fired between two looks at the clock */

void timers_init(struct timers *timers, uint64_t now_us)
{
    *timers = (struct timers){.now_us = now_us};
}

void timers_free(struct timers *timers)
{
    heap_free(&timers->set);
}

void timers_turn(struct timers *timers, uint64_t now_us)
{
    if (now_us > timers->now_us)
        timers->now_us = now_us;
}

static struct timer *timer_of(struct heap_node *node)
{
    return (struct timer *)((char *)node - offsetof(struct timer, due));
}

void timer_init(struct timer *timer, void (*fire)(void *arg), void *arg)
{
    *timer = (struct timer){.fire = fire, .arg = arg};
}

void timer_set(struct timers *timers, struct timer *timer, uint64_t at_us)
{
    heap_set(&timers->set, &timer->due, at_us);
}

void timer_set_ms(struct timers *timers, struct timer *timer, uint64_t ms_from_now)
{
    timer_set(timers, timer, timers->now_us + ms_from_now * 1000);
}

void timer_set_next(struct timers *timers, struct timer *timer)
{
    timer_set(timers, timer, timers->now_us + 1);
}

/* All timers move by the same, so the heap's order stays. */
void timers_put_off(struct timers *timers, uint64_t us)
{
    for (size_t i = 0; i < timers->set.count; i++)
        timers->set.nodes[i]->key += us;
    timers->put_off_us = us;
    timers->put_off_at_us = timers->now_us;
}

uint64_t timers_next(const struct timers *timers)
{
    const struct heap_node *first = heap_first(&timers->set);
    return first ? first->key : TIMERS_NEVER;
}

/* False if none is due. */
static bool fire_first(struct timers *timers)
{
    struct heap_node *first = heap_first(&timers->set);
    if (!first || first->key > timers->now_us)
        return false;
    struct timer *timer = timer_of(first);
    timer_clear(timers, timer);
    timer->fire(timer->arg);
    return true;
}

void timers_run(struct timers *timers)
{
    while (fire_first(timers))
        ;
}

bool timers_run_for(struct timers *timers, uint64_t most_us, uint64_t (*clock)(void))
{
    uint64_t since_us = 0;
    for (unsigned n = 1; fire_first(timers); n++) {
        if (n % LOOK_BATCH)
            continue;
        uint64_t now = clock();
        if (!since_us)
            since_us = now;
        else if (now - since_us >= most_us)
            return false;
    }
    return true;
}
