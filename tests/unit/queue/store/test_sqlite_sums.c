/* test_sqlite_sums: what has changed in the database behind the engine's back is noticed. */
#include "common/xmalloc.h"
#include "tests/unit/queue/store/engine_world.h"
#include "tests/unit/support.h"

#include <sqlite3.h>

static struct world *world;

static void set_state(uint64_t seq, enum store_kind kind, enum stored_state state)
{
    struct stored_job *job = world_load(world, seq);
    job->run.state = (uint8_t)state;
    job->outcome.reason = kind == STORE_ENDED ? "error" : NULL;
    job->outcome.fields = kind == STORE_ENDED ? ",\"message\":\"m\"" : NULL;
    job->outcome.over_ms = kind == STORE_ENDED ? 5000 : 0;
    ck_assert_int_eq(world_do_job(world, kind, job), STORE_OK);
    job->outcome = (struct stored_outcome){0};
    stored_job_free(job);
}

/* Job 1 waits, 2 is delayed, 3 is handed, 4 has failed. */
static void set_up(void)
{
    const struct stored_wish wish = {.module = "echo", .owner = "web", .id = "7", .key = "key"};
    world = world_new();
    world_put(world, 1, "one");
    struct stored_job *job = world_job_like(world, 2, &wish, "two");
    job->run.state = STORED_DELAYED;
    job->run.due_ms = 1000;
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    world_job_free(job);
    world_put(world, 3, "three");
    set_state(3, STORE_HANDED, STORED_HANDED);
    world_put(world, 4, "four");
    set_state(4, STORE_ENDED, STORED_ENDED);
}

static void tear_down(void)
{
    world_free(world);
}

/* The engine is closed. */
static void change(const char *sql)
{
    sqlite3 *handle;
    char *path = xasprintf("%s/queue.db", world->settings.path);
    ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(handle);
    free(path);
}

static const char *const columns[] = {
    "state",    "cancelled",    "attempt",    "failures", "losses",    "due",        "expires",
    "run_sum",  "rank",         "retry_on",   "detached", "usage",     "retries",    "retry_delay",
    "timeout",  "soft_timeout", "max_wait",   "ttl",      "submitted", "input_size", "input_sum",
    "wish_sum", "result_size",  "result_sum", "done",     "ended",     "over",       "outcome_sum"};

START_TEST(test_each_number)
{
    world_close(world);
    for (int seq = 1; seq <= 4; seq++) {
        char sql[200], why[100];
        /* Of a job that has not ended, the outcome is not read, but for its sum. */
        bool is_outcome = strstr("done ended over result_size result_sum", columns[_i]);
        if (is_outcome && seq < 4)
            continue;
        snprintf(sql, sizeof sql, "UPDATE job SET %s = %s + 1 WHERE seq = %d", columns[_i],
                 columns[_i], seq);
        change(sql);
        ck_assert_msg(!world_tries_to_open(world), "%s", sql);
        snprintf(why, sizeof why, ": job q%d is not as it was written", seq);
        ck_assert_msg(strstr(world->error, why) != NULL, "%s", world->error);
        snprintf(sql, sizeof sql, "UPDATE job SET %s = %s - 1 WHERE seq = %d", columns[_i],
                 columns[_i], seq);
        change(sql);
    }
    world_open(world);
}
END_TEST

static const char *const texts[] = {
    "UPDATE job SET module = 'echp' WHERE seq = 1",
    "UPDATE job SET owner = 'wec' WHERE seq = 1",
    "UPDATE job SET id = '\"\\xff\"' WHERE seq = 1",
    "UPDATE job SET context = '{}' WHERE seq = 1",
    "UPDATE job SET key = 'kez' WHERE seq = 2",
    "UPDATE job SET digest = zeroblob(32) WHERE seq = 2",
    "UPDATE job SET digest = zeroblob(31) WHERE seq = 2",
    "UPDATE job SET reason = 'errop' WHERE seq = 4",
    "UPDATE job SET fields = NULL WHERE seq = 4",
    "UPDATE job SET seq = 5 WHERE seq = 1; UPDATE meta SET next_seq = 7",
};

START_TEST(test_each_text)
{
    world_close(world);
    change(texts[_i]);
    ck_assert(!world_tries_to_open(world));
    ck_assert_msg(strstr(world->error, " is not as it was written") != NULL, "%s", world->error);
}
END_TEST

START_TEST(test_a_damaged_body_is_lost)
{
    world_close(world);
    change("UPDATE input SET data = x'6f6e66' WHERE seq = 1");
    world_open(world);
    struct stored_job *job = world_load(world, 1);
    ck_assert(job->input.is_lost);
    ck_assert_ptr_null(job->input.data);
    stored_job_free(job);
}
END_TEST

/* Members that the store changes alone. */
START_TEST(test_sums_follow)
{
    struct stored_wish wish = {
        .module = "echo", .owner = "web", .id = "7", .key = "key", .is_detached = true};
    struct stored_job *joins = world_job_like(world, 5, &wish, "two");
    struct stored_job *marked = world_job(world, 3, ""), *over = world_job(world, 4, "");
    struct store_op ripen = {.kind = STORE_RIPEN, .now_ms = 1000, .max = 10};
    ck_assert_int_eq(world_do_job(world, STORE_PUT, joins), STORE_JOINED);
    ck_assert_int_eq(world_do(world, &ripen), STORE_OK);
    marked->run.is_cancelled = true;
    ck_assert_int_eq(world_do_job(world, STORE_MARK, marked), STORE_OK);
    ck_assert_int_eq(world_do_job(world, STORE_MARK, marked), STORE_OK);
    over->outcome.over_ms = 100;
    ck_assert_int_eq(world_do_job(world, STORE_MARK, over), STORE_OK);
    world_rows_free(&ripen);
    world_job_free(joins);
    world_job_free(marked);
    world_job_free(over);
    world_reopen(world);
    set_state(4, STORE_AGAIN, STORED_WAITING);
    world_reopen(world);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sqlite_sums");
    TCase *tc = tcase_create("sqlite_sums");
    world_engine = &sqlite_engine;
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, test_each_number, 0, (int)SUPPORT_COUNT(columns));
    tcase_add_loop_test(tc, test_each_text, 0, (int)SUPPORT_COUNT(texts));
    tcase_add_test(tc, test_a_damaged_body_is_lost);
    tcase_add_test(tc, test_sums_follow);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
