/* test_redis_engine: the engine on Redis: what every engine does. */
#include "queue/redis/redis_engine.h"
#include "tests/unit/queue/redis/redis_server.h"
#include "tests/unit/queue/store/engine_tests.h"
#include "tests/unit/queue/store/engine_world.h"
#include "tests/unit/support.h"

#include <unistd.h>

static struct redis_server server;

/* Keys of its own: a test's process has its own number. */
static void prepare(struct world *world)
{
    static char *servers[1], prefix[32];
    servers[0] = server.address;
    snprintf(prefix, sizeof prefix, "t%d:", (int)getpid());
    world->redis = (struct redis_settings){.servers = {.items = servers, .count = 1},
                                           .prefix = prefix,
                                           .timeout_ms = 3000,
                                           .lease_ms = 10000,
                                           .is_unsafe = true};
}

int main(void)
{
    Suite *suite = suite_create("redis_engine");
    quiet_log();
    redis_server_start(&server);
    world_engine = &redis_engine;
    world_prepare = prepare;
    suite_add_tcase(suite, engine_tests());
    int status = run_suite(suite);
    redis_server_end(&server);
    return status;
}
