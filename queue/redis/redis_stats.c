/* redis_stats: what `stats` shows of the store. */
#include "queue/redis/redis_engine_internal.h"

#include "base/json_writer.h"

static void write_connection(struct json_writer *json, const struct redis_calls_view *view,
                             uint64_t now_us)
{
    json_writer_text(json, "server", view->server);
    json_writer_text(json, "why", view->is_up ? NULL : view->why);
    json_writer_text(json, "redis_version", view->version);
    json_writer_uint(json, "up_ms", view->is_up ? (now_us - view->up_us) / 1000 : 0);
    json_writer_uint(json, "round_trip_us", view->round_trip_us);
    json_writer_uint(json, "reconnects", view->reconnects);
    json_writer_uint(json, "unanswered", view->unanswered);
    json_writer_bool(json, "unsafe", view->may_lose);
}

static void write_node(struct json_writer *json, const struct engine *engine)
{
    json_writer_bool(json, "up", engine->node.state == REDIS_NODE_MEMBER);
    json_writer_text(json, "node", engine->node.name);
    json_writer_uint(json, "epoch", engine->node.epoch);
    json_writer_uint(json, "nodes", engine->totals.nodes);
}

static void write_memory(struct json_writer *json, const struct redis_memory *memory)
{
    json_writer_uint(json, "bytes", memory->bytes);
    if (memory->bytes_max)
        json_writer_uint(json, "bytes_max", memory->bytes_max);
    else
        json_writer_null(json, "bytes_max");
}

/* Those of this node, then those of all since the store was made. */
static void write_counters(struct json_writer *json, const struct engine *engine)
{
    json_writer_uint(json, "unconfirmed", engine->counters.unconfirmed);
    json_writer_uint(json, "lost", engine->counters.lost);
    json_writer_uint(json, "taken_over", engine->totals.taken_over);
    json_writer_uint(json, "refused", engine->totals.refused);
}

char *redis_stats(const struct engine *engine)
{
    struct redis_calls_view view = redis_calls_view(engine->calls);
    struct json_writer json;
    json_writer_open(&json);
    json.more = true; /* the text goes on where another one ends */
    write_node(&json, engine);
    write_connection(&json, &view, redis_now_us());
    write_memory(&json, &engine->memory);
    write_counters(&json, engine);
    return json_writer_close(&json);
}
