/* redis_node: this node joins the store, and leaves it. */
#include "queue/redis/redis_engine_internal.h"
#include "queue/redis/scripts.h"

#include "common/log.h"

#include <taskmaster/version.h>

#include <inttypes.h>
#include <stdio.h>

enum { REFUSED_MS = 5000, CHANNEL_MAX = 64, JOIN_FULL = 6 };

/* --- join --- */

static void choose_channels(struct engine *engine)
{
    char own[CHANNEL_MAX];
    const char *const channels[] = {"work", "paused", own};
    snprintf(own, sizeof own, "node:%" PRIu64, engine->node.epoch);
    redis_subscription_set(engine->subscription, channels, sizeof channels / sizeof *channels);
}

static void watch_again(struct engine *engine)
{
    if (engine->watches)
        redis_node_watch(engine, true);
}

/* Nothing is held before the lease is renewed: only that counts from the sending of the call. */
static void become(struct engine *engine, const struct redis_reply *reply)
{
    struct redis_node *node = &engine->node;
    node->epoch = redis_reply_number_at(reply, 1);
    node->number = (uint32_t)redis_reply_number_at(reply, 2) % REDIS_CLOCK_NODES;
    node->news_read = 0;
    node->lease = (struct redis_lease){.from_us = redis_now_us(),
                                       .lease_us = engine->parts.redis->lease_ms * 1000ull};
    log_event(LOG_INFO, "node-joined", LOG_STR("node", node->name), LOG_UINT("epoch", node->epoch),
              LOG_UINT("lease_ms", engine->parts.redis->lease_ms));
    choose_channels(engine);
    watch_again(engine);
    redis_tick(engine);
}

/* Another release may have changed the keys: it may go again. */
static void refuse_format(const struct redis_reply *reply)
{
    size_t len;
    log_event(LOG_ERROR, "redis-format", LOG_STR("found", redis_reply_text_at(reply, 4, &len)),
              LOG_STR("expected", "1"),
              LOG_STR("hint",
                      "the keys under redis-prefix are of another release of taskqueued, or "
                      "of another program: choose another redis-prefix, or this release"));
}

/* Ghosts of nodes that end soon after their start, most likely: these go with their leases. */
static void refuse_number(const struct engine *engine)
{
    log_event(LOG_ERROR, "node-refused", LOG_STR("node", engine->node.name),
              LOG_UINT("nodes", REDIS_CLOCK_NODES),
              LOG_STR("hint",
                      "there are no more numbers for nodes: does one start again and again? "
                      "lease-ms after its end each place is free"));
}

static void refuse(struct engine *engine, const struct redis_answer *answer)
{
    engine->node.next_us = redis_now_us() + REFUSED_MS * 1000ull;
    if (answer->status == JOIN_FULL)
        refuse_number(engine);
    else
        refuse_format(answer->reply);
}

static void joined(void *arg, const struct redis_answer *answer)
{
    struct engine *engine = arg;
    engine->node.is_asking = false;
    if (engine->node.state == REDIS_NODE_LEAVING)
        return;
    if (answer->end == REDIS_ANSWERED && redis_reply_number_at(answer->reply, 1))
        become(engine, answer->reply);
    else if (answer->end == REDIS_ANSWERED)
        refuse(engine, answer);
    redis_member_set_timers(engine);
}

static void post_join(struct engine *engine)
{
    static const struct redis_call_kind kind = {.done = joined, .is_prompt = true};
    struct redis_call *call;
    redis_member_ask(engine);
    call = redis_call_new(engine->calls, &redis_scripts[REDIS_SCRIPT_JOIN], 0);
    redis_call_text(call, engine->node.name);
    redis_call_text(call, TASKMASTER_VERSION);
    redis_call_number(call, engine->parts.redis->lease_ms);
    redis_call_post(call, &kind, engine);
}

/* Joins, or renews. */
static void look(struct engine *engine)
{
    if (engine->node.epoch)
        redis_tick(engine);
    else if (!engine->node.is_asking && engine->node.state != REDIS_NODE_LEAVING)
        post_join(engine);
}

/* --- watches, and the end --- */

static void done_with(void *arg, const struct redis_answer *answer)
{
    (void)arg, (void)answer;
}

void redis_node_watch(struct engine *engine, bool on)
{
    static const struct redis_call_kind kind = {.done = done_with};
    struct redis_call *call;
    if (!engine->node.epoch)
        return;
    call = redis_call_new(engine->calls, &redis_scripts[REDIS_SCRIPT_WATCH], engine->node.epoch);
    redis_call_number(call, on);
    redis_call_post(call, &kind, engine);
}

/* Of a node that holds jobs the lease runs out: their runs may not have ended. */
void redis_node_leave(struct engine *engine)
{
    static const struct redis_call_kind kind = {.done = done_with, .has_deadline = true};
    if (engine->node.epoch)
        redis_call_post(
            redis_call_new(engine->calls, &redis_scripts[REDIS_SCRIPT_LEAVE], engine->node.epoch),
            &kind, engine);
    redis_member_change(engine, REDIS_NODE_LEAVING);
}

/* --- the connection, the turn --- */

void redis_node_connected(struct engine *engine)
{
    if (engine->node.state == REDIS_NODE_AWAY)
        redis_member_change(engine, REDIS_NODE_ENTERING);
    look(engine);
}

void redis_node_disconnected(struct engine *engine)
{
    if (engine->node.state != REDIS_NODE_LEAVING)
        redis_member_change(engine, REDIS_NODE_AWAY);
}

static void tick_fires(void *arg)
{
    struct engine *engine = arg;
    redis_member_check(engine);
    if (engine->node.state != REDIS_NODE_AWAY)
        look(engine);
    if (!timer_is_set(&engine->node.tick)) /* there is a turn in each interval */
        redis_member_put_off(engine);
}

static void expiry_fires(void *arg)
{
    redis_member_look(arg);
}

/* After a stop of this process its timers come late, and the lease does not wait. */
void redis_node_turn(struct engine *engine)
{
    struct redis_node *node = &engine->node;
    struct timers *timers = engine->parts.loop->timers;
    uint64_t now_us = redis_now_us(), expiry_us = redis_member_expiry_us(engine);
    if (timer_is_set(&node->expiry) && expiry_us <= now_us)
        timer_set_next(timers, &node->expiry);
    if (timer_is_set(&node->tick) && node->next_us <= now_us)
        timer_set_next(timers, &node->tick);
    node->turned_us = now_us;
}

void redis_node_init(struct engine *engine)
{
    timer_init(&engine->node.tick, tick_fires, engine);
    timer_init(&engine->node.expiry, expiry_fires, engine);
    node_name_make(engine->node.name, engine->parts.redis);
}

void redis_node_clear(struct engine *engine)
{
    timer_clear(engine->parts.loop->timers, &engine->node.tick);
    timer_clear(engine->parts.loop->timers, &engine->node.expiry);
}
