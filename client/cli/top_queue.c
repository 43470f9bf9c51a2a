/* top_queue: see top_queue.h. */
#include "top_queue.h"

#include <string.h>

static json_t *number_of(const json_t *object, const char *key)
{
    return json_integer(json_integer_value(json_object_get(object, key)));
}

/* taskqueued has one number where taskmasterd has one for each reason. */
static json_t *make_jobs(const json_t *figures)
{
    json_t *jobs = json_deep_copy(figures);
    json_object_set_new(jobs, "failed", json_pack("{so}", "all", number_of(figures, "failed")));
    json_object_set_new(jobs, "overload", json_pack("{so}", "all", number_of(figures, "refused")));
    return jobs;
}

static json_t *make_queue(const json_t *stats)
{
    const json_t *jobs = json_object_get(stats, "jobs"),
                 *payloads = json_object_get(stats, "payloads");
    return json_pack("{so so so}", "waiting", number_of(jobs, "waiting"), "bytes",
                     number_of(payloads, "bytes"), "bytes_max", number_of(payloads, "bytes_max"));
}

static const char *state_of(const json_t *module)
{
    if (json_is_true(json_object_get(module, "paused")))
        return "paused";
    return json_integer_value(json_object_get(module, "held_ms")) > 0 ? "held" : "closed";
}

/* The state stands in the place of the breaker's. */
static json_t *make_modules(const json_t *figures)
{
    json_t *modules = json_deep_copy(figures), *module;
    const char *name;
    json_object_foreach (modules, name, module) {
        json_object_set_new(module, "breaker", json_pack("{ss}", "state", state_of(module)));
    }
    return modules;
}

json_t *top_queue_shape(json_t *stats)
{
    static const char name[] = "taskqueued/";
    const char *server = json_string_value(json_object_get(stats, "server"));
    if (!server || strncmp(server, name, sizeof name - 1) != 0)
        return json_incref(stats);
    json_t *shape = json_copy(stats),
           *pool = json_object_get(json_object_get(stats, "master"), "pool");
    json_object_set_new(shape, "jobs", make_jobs(json_object_get(stats, "jobs")));
    json_object_set_new(shape, "modules", make_modules(json_object_get(stats, "modules")));
    json_object_set_new(shape, "queue", make_queue(stats));
    if (pool)
        json_object_set(shape, "pool", pool);
    return shape;
}
