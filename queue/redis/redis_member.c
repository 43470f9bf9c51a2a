/* redis_member: whether this node is a member of the store, and what is left of its lease. */
#include "queue/redis/redis_engine_internal.h"

#include "common/log.h"

enum { TICK_MS = 500, TICKS_OF_LEASE = 4 };

/* --- state --- */

static void set_state(struct engine *engine, enum redis_node_state to)
{
    static const bool may[REDIS_NODE_STATES][REDIS_NODE_STATES] = {
        [REDIS_NODE_AWAY] = {[REDIS_NODE_ENTERING] = true, [REDIS_NODE_LEAVING] = true},
        [REDIS_NODE_ENTERING] =
            {[REDIS_NODE_AWAY] = true, [REDIS_NODE_MEMBER] = true, [REDIS_NODE_LEAVING] = true},
        [REDIS_NODE_MEMBER] =
            {[REDIS_NODE_AWAY] = true, [REDIS_NODE_ENTERING] = true, [REDIS_NODE_LEAVING] = true},
    };
    bug_on(!may[engine->node.state][to]);
    engine->node.state = to;
}

void redis_member_change(struct engine *engine, enum redis_node_state to)
{
    bool was_up = engine->node.state == REDIS_NODE_MEMBER, is_up = to == REDIS_NODE_MEMBER;
    if (engine->node.state == to)
        return;
    set_state(engine, to);
    if (is_up && engine->news)
        engine->news->up(engine->news_arg);
    else if (was_up && engine->news)
        engine->news->down(engine->news_arg);
}

/* --- the lease --- */

uint64_t redis_member_interval_us(const struct engine *engine)
{
    uint64_t part_ms = engine->parts.redis->lease_ms / TICKS_OF_LEASE;
    return 1000 * (part_ms < TICK_MS ? part_ms : TICK_MS);
}

bool redis_member_has_lease(const struct engine *engine)
{
    const struct redis_lease *lease = &engine->node.lease;
    return lease->level == REDIS_LEASE_FINE && redis_now_us() < redis_lease_next(lease);
}

/* A process that was stopped has asked for no renewal meanwhile, or has not heard the answer. Its
 * runs are worth the moment until it has. */
static void note_stop(struct engine *engine)
{
    struct redis_node *node = &engine->node;
    uint64_t now_us = redis_now_us(), moment_us = 2 * redis_member_interval_us(engine);
    if (node->turned_us && now_us - node->turned_us > moment_us)
        node->patience_us = now_us + moment_us / 2;
}

void redis_member_check(struct engine *engine)
{
    note_stop(engine);
    if (engine->node.state == REDIS_NODE_MEMBER && !redis_member_has_lease(engine))
        redis_member_change(engine, REDIS_NODE_ENTERING);
}

uint64_t redis_member_expiry_us(const struct engine *engine)
{
    const struct redis_node *node = &engine->node;
    uint64_t next_us = node->epoch ? redis_lease_next(&node->lease) : 0;
    return next_us && next_us < node->patience_us ? node->patience_us : next_us;
}

void redis_member_set_timers(struct engine *engine)
{
    struct timers *timers = engine->parts.loop->timers;
    struct redis_node *node = &engine->node;
    uint64_t expiry_us = redis_member_expiry_us(engine);
    if (expiry_us)
        timer_set(timers, &node->expiry, expiry_us);
    else
        timer_clear(timers, &node->expiry);
    timer_set(timers, &node->tick, node->next_us);
}

static void tell_expiring(struct engine *engine)
{
    bool is_last = engine->node.lease.level == REDIS_LEASE_LAST;
    size_t jobs = engine->news ? engine->news->expiring(engine->news_arg, is_last) : 0;
    if (jobs)
        log_event(LOG_WARN, "lease-runs-out", LOG_UINT("epoch", engine->node.epoch),
                  LOG_UINT("lease_ms", engine->parts.redis->lease_ms), LOG_UINT("jobs", jobs),
                  LOG_STR("runs", is_last ? "killed" : "cancelled"));
}

void redis_member_look(struct engine *engine)
{
    struct redis_node *node = &engine->node;
    uint64_t now_us = redis_now_us(), expiry_us;
    redis_member_check(engine);
    expiry_us = redis_member_expiry_us(engine);
    if (expiry_us && expiry_us <= now_us && redis_lease_look(&node->lease, now_us) &&
        node->lease.level != REDIS_LEASE_OVER)
        tell_expiring(engine);
    redis_member_set_timers(engine);
}

void redis_member_ask(struct engine *engine)
{
    struct redis_node *node = &engine->node;
    node->is_asking = true;
    node->asks_again = false;
    node->asked_us = redis_now_us();
    node->asked_read = node->news_read;
    node->next_us = node->asked_us + redis_member_interval_us(engine);
}

void redis_member_put_off(struct engine *engine)
{
    engine->node.next_us = redis_now_us() + redis_member_interval_us(engine);
    redis_member_set_timers(engine);
}
