/* test_sqlite_engine: the engine on SQLite. */
#include "tests/unit/queue/store/engine_tests.h"
#include "tests/unit/queue/store/engine_world.h"
#include "tests/unit/support.h"

int main(void)
{
    Suite *suite = suite_create("sqlite_engine");
    world_engine = &sqlite_engine;
    suite_add_tcase(suite, engine_tests());
    return run_suite(suite);
}
