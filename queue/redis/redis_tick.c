/*
 * redis_tick: a node tells the store that it lives, and hears all that it has to know.
 *
 * A lost message of a channel so costs half a second at most. One tick is under way at a time. It
 * is sent again after a lost connection, as any call; the lease counts from its first sending.
 */
#include "queue/redis/redis_engine_internal.h"
#include "queue/redis/scripts.h"

#include "base/clock.h"
#include "common/log.h"

enum {
    PAUSE_US = 100, /* before counts are asked for again, for each text of the last answer */
    ROUND_TRIP_US = 50000,
};

/* --- what it tells --- */

enum tick_item {
    STATUS,
    NOW,
    LEASE_END,
    DUE,
    EXPIRES,
    OVER,
    ORPHANS,
    PAUSED,
    MODULES,
    NODES,
    TAKEN_OVER,
    REFUSED,
    WATCHED,
    NEWS,
    ALL,
    COUNTS,
    OWNERS,
};

static void take_totals(struct engine *engine, const struct redis_reply *reply)
{
    engine->totals = (struct redis_totals){
        .taken_over = redis_reply_number_at(reply, TAKEN_OVER),
        .refused = redis_reply_number_at(reply, REFUSED),
        .nodes = redis_reply_number_at(reply, NODES),
        .is_watched = redis_reply_number_at(reply, WATCHED),
    };
}

/* Long lists are asked for less often: they cost Redis 300 us a thousand. */
static void take_counts(struct engine *engine, const struct redis_reply *reply)
{
    struct store_contents *contents = &engine->contents;
    contents->nodes = engine->totals.nodes;
    const struct redis_reply *counts = redis_reply_at(reply, COUNTS);
    const struct redis_reply *owners = redis_reply_at(reply, OWNERS);
    redis_contents_set_all(contents, redis_reply_at(reply, ALL));
    redis_contents_set_modules(contents, counts);
    redis_contents_set_owners(contents, owners);
    engine->counts_us = redis_now_us() + PAUSE_US * (counts->count + owners->count);
    if (engine->news)
        engine->news->counted(engine->news_arg);
}

static void tell_work(struct engine *engine, const struct redis_reply *modules)
{
    size_t len;
    for (size_t i = 0; i < modules->count; i++)
        engine->news->work(engine->news_arg, redis_reply_text_at(modules, i, &len));
}

static void tell_tick(struct engine *engine, const struct redis_reply *reply)
{
    const struct engine_news *news = engine->news;
    void *arg = engine->news_arg;
    news->times(arg, redis_reply_number_at(reply, DUE), redis_reply_number_at(reply, EXPIRES),
                redis_reply_number_at(reply, OVER));
    if (redis_reply_number_at(reply, ORPHANS))
        news->orphans(arg);
    tell_work(engine, redis_reply_at(reply, MODULES));
}

/* --- the call --- */

/* The node joins again in the next turn. */
static void die(struct engine *engine)
{
    struct redis_node *node = &engine->node;
    log_event(LOG_WARN, "node-lost", LOG_STR("node", node->name), LOG_UINT("epoch", node->epoch),
              LOG_STR("hint", "Redis did not hear of this node for lease-ms: other nodes take its "
                              "jobs over, and late outcomes of its own runs are refused"));
    node->epoch = 0;
    node->next_us = redis_now_us();
    if (engine->news)
        engine->news->lost(engine->news_arg);
    if (node->state == REDIS_NODE_MEMBER)
        redis_member_change(engine, REDIS_NODE_ENTERING);
}

/* The store's clock was read between question and answer, in whole milliseconds. The latest time
 * that it may be by now counts: a job that is due in 300 ms must not begin before. An answer that
 * waited behind others for long tells nothing of the time of its question. */
static void set_clock(struct engine *engine, const struct redis_reply *reply)
{
    uint64_t now_us = clock_us(), asked_us = engine->node.asked_us;
    uint64_t from_us = now_us - asked_us < ROUND_TRIP_US ? asked_us : now_us;
    redis_clock_set(&engine->clock, redis_reply_number_at(reply, NOW) + 1, from_us);
}

/* A renewal of long ago may be over by now: then the next one decides. */
static void renewed(struct engine *engine, const struct redis_reply *reply)
{
    struct redis_node *node = &engine->node;
    bool pauses_changed =
        redis_contents_set_paused(&engine->contents, redis_reply_at(reply, PAUSED));
    set_clock(engine, reply);
    node->lease_end_ms = redis_reply_number_at(reply, LEASE_END);
    redis_lease_renew(&node->lease, node->asked_us);
    take_totals(engine, reply);
    redis_member_look(engine);
    if (node->state == REDIS_NODE_ENTERING && redis_member_has_lease(engine))
        redis_member_change(engine, REDIS_NODE_MEMBER);
    if (pauses_changed && engine->news)
        engine->news->paused(engine->news_arg);
    redis_memory_look(engine);
    if (engine->asked_counts)
        take_counts(engine, reply);
    if (engine->news)
        tell_tick(engine, reply);
    if (!redis_news_tell(engine, redis_reply_at(reply, NEWS), node->asked_read))
        redis_news_fetch(engine);
}

static void ticked(void *arg, const struct redis_answer *answer)
{
    struct engine *engine = arg;
    struct redis_node *node = &engine->node;
    bool is_late = node->asks_again || redis_now_us() >= node->next_us;
    node->is_asking = false;
    if (node->state == REDIS_NODE_LEAVING)
        return;
    if (answer->end == REDIS_ANSWERED && answer->status)
        die(engine);
    else if (answer->end == REDIS_ANSWERED)
        renewed(engine, answer->reply);
    if (is_late)
        redis_tick(engine);
    redis_member_set_timers(engine);
}

void redis_tick(struct engine *engine)
{
    static const struct redis_call_kind kind = {.done = ticked, .is_prompt = true};
    struct redis_node *node = &engine->node;
    struct redis_call *call;
    node->asks_again = node->is_asking;
    if (node->is_asking || !node->epoch || node->state == REDIS_NODE_LEAVING)
        return;
    redis_member_ask(engine);
    engine->asked_counts = node->asked_us >= engine->counts_us;
    call = redis_call_new(engine->calls, &redis_scripts[REDIS_SCRIPT_TICK], node->epoch);
    redis_call_number(call, engine->parts.redis->lease_ms);
    redis_call_number(call, engine->asked_counts);
    redis_call_number(call, REDIS_NEWS_MAX);
    redis_call_number(call, node->news_read);
    redis_call_post(call, &kind, engine);
    redis_member_set_timers(engine);
}
