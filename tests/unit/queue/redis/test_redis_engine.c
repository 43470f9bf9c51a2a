/* test_redis_engine: the engine on Redis: what every engine does. */
#include "queue/redis/redis_engine.h"
#include "tests/unit/queue/redis/nodes.h"
#include "tests/unit/queue/store/engine_tests.h"

int main(void)
{
    Suite *suite = suite_create("redis_engine");
    quiet_log();
    own_redis_start(&nodes_server);
    world_engine = &redis_engine;
    world_prepare = nodes_prepare;
    suite_add_tcase(suite, engine_tests());
    int status = run_suite(suite);
    own_redis_end(&nodes_server);
    return status;
}
