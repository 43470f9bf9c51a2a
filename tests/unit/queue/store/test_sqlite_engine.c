/* test_sqlite_engine: the engine on SQLite. */
#include "common/xmalloc.h"
#include "tests/unit/queue/store/engine_tests.h"
#include "tests/unit/queue/store/engine_world.h"
#include "tests/unit/support.h"

#include <event2/event.h>
#include <fcntl.h>
#include <unistd.h>

/* Pages of the database are overwritten behind its back. The engine says so once, and nothing is
 * answered any more; its end does not wait. */
START_TEST(test_a_lost_store)
{
    static const char zeros[4096 * 40];
    struct world *world = world_new();
    for (uint64_t seq = 1; seq <= 100; seq++)
        world_put(world, seq, "some bytes of a payload");
    world_reopen(world); /* no payload is in its memory */
    char *path = xasprintf("%s/queue.db", world->settings.path);
    int fd = open(path, O_WRONLY);
    ck_assert_int_eq(pwrite(fd, zeros, sizeof zeros, 3 * 4096), sizeof zeros);
    close(fd);
    free(path);
    struct store_op ops[] = {
        {.kind = STORE_LOAD, .seq = 50, .with_input = true, .done = world_count_answer},
        {.kind = STORE_LOAD, .seq = 50, .with_input = true, .done = world_count_answer}};
    world->answered = 0;
    for (int i = 0; i < 2; i++) {
        world->ops->post(world->engine, &ops[i]);
        world->ops->flush(world->engine);
        while (!*world->failed)
            world_turn(world);
    }
    ck_assert_uint_eq(world->answered, 0);
    world_free(world);
}
END_TEST

START_TEST(test_store_max_of_a_reload)
{
    struct world *world = world_new();
    struct store_settings less = world->settings;
    less.max = 1000;
    ck_assert(world->ops->has_room(world->engine));
    ck_assert_uint_gt(world->ops->left(world->engine), 0);
    ck_assert_uint_lt(world->ops->left(world->engine), world->settings.max);
    world->ops->configure(world->engine, &less, NULL);
    world_put(world, 1, "the look for room comes behind it");
    ck_assert(!world->ops->has_room(world->engine));
    ck_assert_uint_eq(world->ops->left(world->engine), 0);
    ck_assert_uint_gt(world->ops->bytes(world->engine), 1000);
    struct stored_job *job = world_job(world, 2, "");
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_NO_ROOM);
    world->ops->configure(world->engine, &world->settings, NULL);
    while (!world->ops->has_room(world->engine)) /* it looks once a second */
        world_do_job(world, STORE_MARK, job);
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    world_job_free(job);
    world_free(world);
}
END_TEST

START_TEST(test_a_second_engine_is_refused)
{
    struct world *world = world_new();
    struct engine *first = world->engine;
    ck_assert(!world_tries_to_open(world));
    ck_assert_ptr_nonnull(strstr(world->error, "is in use by another process"));
    world->engine = first;
    world_free(world);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("sqlite");
    tcase_add_test(tc, test_a_lost_store);
    tcase_add_test(tc, test_store_max_of_a_reload);
    tcase_add_test(tc, test_a_second_engine_is_refused);
    Suite *suite = suite_create("sqlite_engine");
    world_engine = &sqlite_engine;
    suite_add_tcase(suite, engine_tests());
    suite_add_tcase(suite, engine_tests_alone());
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
