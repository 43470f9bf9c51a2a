/* redis_engine: the engine on a Redis that many nodes share: the table of operations of engine.h.
 */
#include "queue/redis/redis_engine.h"

#include "queue/redis/redis_engine_internal.h"
#include "queue/redis/scripts.h"

#include "base/clock.h"
#include "base/random.h"
#include "common/xmalloc.h"

#include <event2/event.h>
#include <stdlib.h>

enum {
    NO_BOUND_SHIFT = 8, /* room for results: no bound, and sums of it do not overflow */
    TURN_US = 5000,     /* a turn of the loop at the end, at most */
};

/* --- the connection --- */

static void on_up(void *arg)
{
    redis_node_connected(arg);
}

static void on_down(void *arg, const char *why)
{
    (void)why;
    redis_node_disconnected(arg);
}

/* --- begin --- */

static bool open_calls(struct engine *engine, char *error, size_t error_size)
{
    const struct redis_calls_parts parts = {.loop = engine->parts.loop,
                                            .random = random_number,
                                            .settings = engine->parts.redis,
                                            .scripts = redis_scripts,
                                            .script_count = REDIS_SCRIPTS,
                                            .up = on_up,
                                            .down = on_down,
                                            .arg = engine};
    engine->calls = redis_calls_new(&parts, error, error_size);
    return engine->calls;
}

static struct engine *open_engine(const struct engine_parts *parts, char *error, size_t error_size)
{
    struct engine *engine = xcalloc(1, sizeof *engine);
    engine->parts = *parts;
    redis_op_init(engine);
    redis_node_init(engine);
    redis_clock_set(&engine->clock, clock_read_us(CLOCK_REALTIME) / 1000, clock_us());
    if (!open_calls(engine, error, error_size)) {
        free(engine);
        return NULL;
    }
    engine->subscription = redis_subscription_new(engine->calls, &redis_channels_ops, engine);
    redis_calls_start(engine->calls);
    return engine;
}

static void listen_to(struct engine *engine, const struct engine_news *news, void *arg)
{
    engine->news = news;
    engine->news_arg = arg;
}

/* --- operations --- */

static void flush(struct engine *engine)
{
    redis_node_turn(engine);
    redis_op_flush(engine);
    redis_calls_flush(engine->calls);
}

/* After a stop of this process the lease may be over before any timer says so: what is read in that
 * turn is handed to no master. */
static bool is_up(const struct engine *engine)
{
    return engine->node.state == REDIS_NODE_MEMBER && redis_member_has_lease(engine);
}

static uint64_t next_seq(struct engine *engine)
{
    const struct redis_node *node = &engine->node;
    return is_up(engine)
               ? redis_clock_number(&engine->clock, node->number, clock_us(), node->lease_end_ms)
               : 0;
}

static uint64_t wall_ms(const struct engine *engine)
{
    return redis_clock_ms(&engine->clock, clock_us());
}

static void watch(struct engine *engine, bool on)
{
    if (engine->watches != on)
        redis_node_watch(engine, on);
    engine->watches = on;
}

static bool is_watched(const struct engine *engine)
{
    return engine->totals.is_watched;
}

static void configure(struct engine *engine, const struct store_settings *settings,
                      const struct redis_settings *redis)
{
    engine->parts.settings = settings;
    engine->parts.redis = redis;
    redis_calls_configure(engine->calls, redis);
}

/* --- room --- */

static const struct store_contents *contents_of(struct engine *engine)
{
    return &engine->contents;
}

/* Also those of other queues in the same Redis. */
static uint64_t bytes_of(const struct engine *engine)
{
    return engine->memory.bytes;
}

/* Redis's memory is its operator's: a put without room says so. */
static uint64_t left(const struct engine *engine)
{
    (void)engine;
    return UINT64_MAX >> NO_BOUND_SHIFT;
}

static bool has_room(const struct engine *engine)
{
    return is_up(engine) && redis_now_us() >= engine->full_until_us;
}

/* --- end --- */

static void nothing(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what, (void)arg;
}

static void turn(struct engine *engine)
{
    static const struct timeval most = {.tv_usec = TURN_US};
    struct conn_loop *loop = engine->parts.loop;
    flush(engine);
    conn_loop_chores(loop);
    bool is_bounded = event_base_once(loop->base, -1, EV_TIMEOUT, nothing, NULL, &most) == 0;
    (void)event_base_loop(loop->base, EVLOOP_ONCE | (is_bounded ? 0 : EVLOOP_NONBLOCK));
    timers_turn(loop->timers, clock_us());
    timers_run(loop->timers);
}

static bool is_busy(const struct engine *engine)
{
    return redis_op_is_busy(engine) || redis_calls_view(engine->calls).unanswered;
}

/* The loop has ended: its turns are made here, as long as Redis answers. */
static void wait_for_answers(struct engine *engine, uint64_t until_us)
{
    while (redis_calls_view(engine->calls).is_up && is_busy(engine) && clock_us() < until_us)
        turn(engine);
}

static void close_engine(struct engine *engine)
{
    uint64_t until_us = clock_us() + engine->parts.redis->timeout_ms * 1000ull;
    wait_for_answers(engine, until_us);
    redis_node_leave(engine);
    wait_for_answers(engine, until_us);
    redis_node_clear(engine);
    redis_subscription_free(engine->subscription);
    redis_calls_free(engine->calls);
    redis_op_finish(engine);
    redis_contents_free(&engine->contents);
    free(engine);
}

const struct engine_ops redis_engine = {
    .name = "redis",
    .is_shared = true,
    .open = open_engine,
    .contents = contents_of,
    .post = redis_op_post,
    .flush = flush,
    .bytes = bytes_of,
    .left = left,
    .has_room = has_room,
    .configure = configure,
    .listen = listen_to,
    .is_up = is_up,
    .next_seq = next_seq,
    .watch = watch,
    .is_watched = is_watched,
    .stats = redis_stats,
    .wall_ms = wall_ms,
    .close = close_engine,
};
