/* test_store_check: a sound store, and each fault. */
#include "queue/store/store_check.h"

#include "common/xmalloc.h"
#include "tests/unit/queue/store/engine_world.h"
#include "tests/unit/support.h"

#include <sqlite3.h>
#include <unistd.h>

static struct world *world;
static char *told;

static char *path_of(const char *name)
{
    return xasprintf("%s/%s", world->settings.path, name);
}

static void put_sized(uint64_t seq, size_t size)
{
    struct stored_job *job = world_job(world, seq, "");
    job->input = (struct stored_body){.size = size, .payload = world_payload(world, size)};
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    world_job_free(job);
}

static void end_with(uint64_t seq, size_t size)
{
    struct stored_job *job = world_load(world, seq);
    job->run.state = STORED_ENDED;
    job->run.attempt = 2;
    job->outcome.is_done = true;
    job->result.payload = world_payload(world, size);
    ck_assert_int_eq(world_do_job(world, STORE_ENDED, job), STORE_OK);
    payload_unref((struct payload *)job->result.payload);
    stored_job_free(job);
}

/* Jobs 1 and 2 wait, 3 and 4 are done; 2 and 4 have a file. */
static void set_up(void)
{
    world = world_new();
    put_sized(1, 100);
    put_sized(2, 70000);
    put_sized(3, 100);
    put_sized(4, 100);
    end_with(3, 100);
    end_with(4, 70000);
}

static void tear_down(void)
{
    free(told);
    world_free(world);
}

static enum store_health check(void)
{
    size_t size;
    free(told);
    FILE *out = open_memstream(&told, &size);
    enum store_health health = store_check(&world->settings, out);
    fclose(out);
    return health;
}

static void check_told(const char *expected)
{
    ck_assert_msg(strstr(told, expected) != NULL, "\"%s\" is not in: %s", expected, told);
}

START_TEST(test_sound)
{
    world_close(world);
    ck_assert_int_eq(check(), STORE_SOUND);
    check_told("jobs: 2 waiting, 0 delayed, 0 handed, 2 ended; modules: 1; the next job is q5\n");
    check_told("files: 2\n");
    check_told("the store is sound\n");
}
END_TEST

START_TEST(test_in_use)
{
    ck_assert_int_eq(check(), STORE_UNOPENED);
    check_told("is in use by another process\n");
}
END_TEST

START_TEST(test_no_store)
{
    char *empty = path_of("payloads");
    char *before = world->settings.path;
    world_close(world);
    world->settings.path = empty;
    ck_assert_int_eq(check(), STORE_UNOPENED);
    check_told("there is no store in it\n");
    world->settings.path = path_of("nothing");
    ck_assert_int_eq(check(), STORE_UNOPENED);
    check_told("No such file or directory\n");
    free(world->settings.path);
    world->settings.path = before;
    free(empty);
}
END_TEST

static const struct {
    const char *sql, *fault;
} broken[] = {
    {"DELETE FROM input WHERE seq = 1", "fault: job q1: its payload is gone, or damaged\n"},
    {"UPDATE result SET data = x'00' WHERE seq = 3",
     "fault: job q3: its result is gone, or damaged\n"},
    {"DELETE FROM job WHERE seq = 1", "fault: the payload of a job q1, which is not there\n"},
    {"DELETE FROM job WHERE seq = 3", "fault: the result of a job q3, which is not there\n"},
    {"UPDATE meta SET next_seq = 4", "fault: job q4: its number would be used again\n"},
    {"DELETE FROM meta", "fault: next_seq is not one row\n"},
    {"UPDATE job SET input_size = 70001 WHERE seq = 2",
     "fault: payloads/2.input: it has 70000 bytes, and should have 70001\n"},
    {"UPDATE job SET input_size = 70001 WHERE seq = 1", "fault: payloads/1.input: No such file"},
    {"UPDATE job SET result_size = 70001 WHERE seq = 3", "fault: payloads/3.2.result: No such"},
    {"UPDATE input SET data = zeroblob(100) WHERE seq = 1",
     "fault: job q1: its payload is gone, or damaged\n"},
    {"UPDATE result SET data = zeroblob(100) WHERE seq = 3",
     "fault: job q3: its result is gone, or damaged\n"},
    {"UPDATE job SET id = '8' WHERE seq = 1", "fault: job q1: its row is damaged\n"},
    {"UPDATE job SET fields = 'x' WHERE seq = 3", "fault: job q3: its row is damaged\n"},
    {"UPDATE job SET attempt = 7 WHERE seq = 2", "fault: job q2: its row is damaged\n"},
    {"PRAGMA user_version = 99", "fault: a newer release made it"},
    {"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX job_due ON"
     " job (seq) WHERE state = 0' WHERE name = 'job_due'",
     "fault: "},
};

START_TEST(test_broken)
{
    sqlite3 *handle;
    char *path = path_of("queue.db");
    world_close(world);
    ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(handle, broken[_i].sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(handle);
    free(path);
    ck_assert_int_eq(check(), STORE_BROKEN);
    check_told(broken[_i].fault);
    check_told("faults: ");
}
END_TEST

START_TEST(test_many_faults_are_counted)
{
    sqlite3 *handle;
    char *path = path_of("queue.db");
    for (uint64_t seq = 5; seq < 55; seq++)
        put_sized(seq, 10);
    world_close(world);
    ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(handle, "DELETE FROM input WHERE seq > 4", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(handle);
    free(path);
    ck_assert_int_eq(check(), STORE_BROKEN);
    check_told("fault: and 30 more of this kind\n");
}
END_TEST

START_TEST(test_orphans_are_no_fault)
{
    char *from = path_of("payloads/2.input"), *to = path_of("payloads/9.input");
    world_close(world);
    ck_assert_int_eq(link(from, to), 0);
    ck_assert_int_eq(check(), STORE_SOUND);
    check_told("files without a job: 1; they go at the next start\n");
    free(from);
    free(to);
}
END_TEST

/* A file with another byte, as long as before. */
START_TEST(test_a_damaged_file)
{
    char *path = path_of("payloads/4.2.result");
    FILE *file = fopen(path, "r+");
    world_close(world);
    ck_assert_int_eq(fseek(file, 50000, SEEK_SET), 0);
    ck_assert_int_eq(fputc('!', file), '!');
    fclose(file);
    ck_assert_int_eq(check(), STORE_BROKEN);
    check_told("fault: job q4: its result is gone, or damaged\n");
    check_told("jobs: 2 waiting");
    free(path);
}
END_TEST

/* SQLite quotes a broken schema. */
START_TEST(test_faults_are_printable)
{
    sqlite3 *handle;
    char *path = path_of("queue.db");
    world_close(world);
    ck_assert_int_eq(sqlite3_open(path, &handle), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(handle,
                                  "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET name ="
                                  " char(27) || '[31m', sql = char(27) WHERE name = 'job_due'",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(handle);
    free(path);
    ck_assert_int_eq(check(), STORE_BROKEN);
    ck_assert_ptr_null(strchr(told, 27));
}
END_TEST

/* The log of a process that was killed stays as it is. */
START_TEST(test_nothing_is_changed)
{
    char *log = path_of("queue.db-wal");
    world_close(world);
    char *db = path_of("queue.db");
    sqlite3 *handle;
    ck_assert_int_eq(sqlite3_open(db, &handle), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(handle, "UPDATE meta SET next_seq = 50", NULL, NULL, NULL), 0);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_close(handle);
    ck_assert_int_eq(check(), STORE_SOUND);
    check_told("the next job is q50\n");
    ck_assert_int_eq(access(log, F_OK), 0);
    ck_assert_int_eq(check(), STORE_SOUND);
    check_told("the next job is q50\n");
    free(log);
    free(db);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_check");
    TCase *tc = tcase_create("store_check");
    world_engine = &sqlite_engine;
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_sound);
    tcase_add_test(tc, test_in_use);
    tcase_add_test(tc, test_no_store);
    tcase_add_loop_test(tc, test_broken, 0, (int)SUPPORT_COUNT(broken));
    tcase_add_test(tc, test_many_faults_are_counted);
    tcase_add_test(tc, test_orphans_are_no_fault);
    tcase_add_test(tc, test_a_damaged_file);
    tcase_add_test(tc, test_faults_are_printable);
    tcase_add_test(tc, test_nothing_is_changed);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
