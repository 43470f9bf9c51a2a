/*
 * test_sqlite_batch: turns of the thread without the thread: a full disk, files, broken stores.
 *
 * SQLite's own bound of pages stands in for the disk's end.
 */
#include "queue/store/sqlite_internal.h"

#include "common/xmalloc.h"
#include "queue/store/engine_thread.h"
#include "tests/unit/queue/store/engine_world.h"
#include "tests/unit/support.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct world *world;
static struct sqlite_store store;
static struct store_ops todo, answered;
static char why[256];

static void open_store(void)
{
    struct store_contents contents = {0};
    ck_assert_msg(
        sqlite_store_open(&store, &world->settings, &contents, world->error, sizeof world->error),
        "%s", world->error);
    sqlite_contents_free(&contents);
}

static bool store_opens(void)
{
    struct store_contents contents = {0};
    return sqlite_store_open(&store, &world->settings, &contents, world->error,
                             sizeof world->error);
}

static void set_up(void)
{
    world = world_new();
    world_close(world);
    STAILQ_INIT(&todo);
    STAILQ_INIT(&answered);
    open_store();
}

static void tear_down(void)
{
    sqlite_store_close(&store);
    world_free(world);
}

static void post(struct store_op *op)
{
    STAILQ_INIT(&op->rows);
    STAILQ_INSERT_TAIL(&todo, op, link);
}

static uint32_t turn(void)
{
    return sqlite_batch_turn(&store, &todo, &answered, why, sizeof why);
}

/* Does one operation alone. */
static enum store_status do_one(struct store_op *op)
{
    post(op);
    ck_assert_uint_ne(turn(), ENGINE_THREAD_LOST);
    ck_assert_ptr_eq(STAILQ_FIRST(&answered), op);
    STAILQ_INIT(&answered);
    return op->status;
}

static struct stored_job *job_of_size(uint64_t seq, size_t size)
{
    struct stored_job *job = world_job(world, seq, "");
    job->input = (struct stored_body){.size = size, .payload = world_payload(world, size)};
    return job;
}

static enum store_status put(uint64_t seq, size_t size)
{
    struct stored_job *job = job_of_size(seq, size);
    struct store_op op = {.kind = STORE_PUT, .job = job};
    do_one(&op);
    world_job_free(job);
    return op.status;
}

static struct stored_job *load(uint64_t seq)
{
    struct store_op op = {.kind = STORE_LOAD, .seq = seq, .with_input = true, .with_result = true};
    return do_one(&op) == STORE_OK ? op.job : NULL;
}

static enum store_status end(uint64_t seq, size_t size)
{
    struct stored_job *job = load(seq);
    stored_job_set_outcome(job, &(struct stored_outcome){.is_done = true, .over_ms = 1});
    job->run.state = STORED_ENDED;
    job->result.payload = world_payload(world, size);
    struct store_op op = {.kind = STORE_ENDED, .job = job};
    do_one(&op);
    world_job_free(job);
    return op.status;
}

static void pragma(const char *text, int number)
{
    char sql[100];
    snprintf(sql, sizeof sql, "PRAGMA %s = %d", text, number);
    ck_assert_int_eq(sqlite3_exec(store.db.handle, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* --- a full disk --- */

static void fill_disk(void)
{
    pragma("max_page_count", 1); /* it becomes what the database has */
}

static void make_room(void)
{
    pragma("max_page_count", 1000000);
}

static bool has_reserve(void)
{
    return faccessat(store.dir.fd, "reserve", F_OK, 0) == 0;
}

/* A new job is refused, the others wait, and are told in order once there is room. */
START_TEST(test_full_and_then_not)
{
    struct stored_job *first = job_of_size(2, 60000), *second;
    ck_assert_int_eq(put(1, 10), STORE_OK);
    struct store_op ops[] = {{.kind = STORE_LOAD, .seq = 1, .with_input = true},
                             {.kind = STORE_ENDED, .job = world_job(world, 1, "")},
                             {.kind = STORE_PUT, .job = first},
                             {.kind = STORE_LIST, .max = 10}};
    second = ops[1].job;
    second->run.state = STORED_ENDED;
    second->outcome.is_done = true;
    second->result.payload = world_payload(world, 60000);
    fill_disk();
    for (size_t i = 0; i < SUPPORT_COUNT(ops); i++)
        post(&ops[i]);
    ck_assert(has_reserve());
    ck_assert_uint_eq(turn(), 0); /* at once, without the new job, and with the reserve */
    ck_assert(!has_reserve());
    for (int i = 0; i < 5; i++) {
        ck_assert_uint_eq(turn(), 100);
        ck_assert(STAILQ_EMPTY(&answered));
        ck_assert(!store.has_room);
    }
    make_room();
    ck_assert_uint_eq(turn(), 0);
    for (size_t i = 0; i < SUPPORT_COUNT(ops); i++) {
        ck_assert_ptr_eq(STAILQ_FIRST(&answered), &ops[i]);
        STAILQ_REMOVE_HEAD(&answered, link);
        ck_assert_int_eq(ops[i].status, i == 2 ? STORE_NO_ROOM : STORE_OK);
    }
    ck_assert_uint_eq(ops[0].job->input.size, 10);
    ck_assert_uint_eq(STAILQ_FIRST(&ops[3].rows)->job->seq, 1);
    world_rows_free(&ops[3]);
    stored_job_free(ops[0].job);
    ck_assert(store.has_room);
    ck_assert_int_eq(put(2, 60000), STORE_OK);
    world_job_free(first);
    world_job_free(second);
}
END_TEST

/* The files of a transaction that is undone go with it. */
START_TEST(test_files_of_a_refused_job)
{
    struct stored_job *job = job_of_size(1, 70000);
    struct store_op ops[] = {{.kind = STORE_PUT, .job = job},
                             {.kind = STORE_PUT, .job = job_of_size(2, 60000)}};
    fill_disk();
    post(&ops[0]);
    post(&ops[1]);
    ck_assert_uint_eq(turn(), 0);
    ck_assert_uint_eq(store.files.bytes, 0);
    ck_assert_uint_eq(turn(), 0);
    ck_assert_int_eq(ops[0].status, STORE_NO_ROOM);
    ck_assert_int_eq(ops[1].status, STORE_NO_ROOM);
    ck_assert(!has_reserve());
    ck_assert_uint_eq(turn(), 1000); /* it looks for room */
    ck_assert(store.has_room && has_reserve());
    ck_assert_uint_eq(turn(), ENGINE_THREAD_FOREVER);
    world_job_free(job);
    world_job_free(ops[1].job);
}
END_TEST

/* --- store-max --- */

START_TEST(test_new_jobs_stop_at_store_max)
{
    uint64_t seq = 0;
    store.max = 1 << 20;
    sqlite_room_look(&store);
    while (put(++seq, 50000) == STORE_OK)
        ck_assert_uint_lt(seq, 20);
    ck_assert_uint_gt(seq, 15);
    ck_assert_int_eq(put(seq, 100000), STORE_NO_ROOM);
    ck_assert_uint_lt(store.bytes, 1 << 20);
    ck_assert_int_eq(end(1, 60000), STORE_OK);
    store.max = 1 << 21;
    sqlite_room_look(&store);
    ck_assert(store.has_room);
    ck_assert_int_eq(put(seq, 100000), STORE_OK);
}
END_TEST

START_TEST(test_bytes_are_counted)
{
    uint64_t before = store.bytes;
    ck_assert_int_eq(put(1, 3000000), STORE_OK);
    ck_assert_uint_ge(store.bytes, before + 3000000);
    ck_assert_int_eq(end(1, 0), STORE_OK);
    ck_assert_uint_lt(store.bytes, before + 100000);
}
END_TEST

/* --- files --- */

static size_t count_files(void)
{
    DIR *list = fdopendir(openat(store.files.directory, ".", O_RDONLY | O_DIRECTORY));
    size_t count = 0;
    while (readdir(list))
        count++;
    closedir(list);
    return count - 2; /* . and .. */
}

static void make_file(const char *name)
{
    int fd = openat(store.files.directory, name, O_WRONLY | O_CREAT, 0600);
    ck_assert_int_eq(ftruncate(fd, 70000), 0);
    close(fd);
}

START_TEST(test_orphans_go_at_the_start)
{
    static const char *const orphans[] = {"1.0.result", "2.input", "2.1.result", "3.input",
                                          "4.input",    "9.input", "9.1.result"};
    ck_assert_int_eq(put(1, 70000), STORE_OK);
    ck_assert_int_eq(put(2, 70000), STORE_OK);
    ck_assert_int_eq(put(3, 0), STORE_OK);
    ck_assert_int_eq(put(4, 65536), STORE_OK);
    ck_assert_int_eq(end(2, 70001), STORE_OK);
    for (size_t i = 0; i < SUPPORT_COUNT(orphans); i++)
        make_file(orphans[i]);
    make_file("notes of the operator");
    sqlite_store_close(&store);
    open_store();
    ck_assert_uint_eq(count_files(), 3);
    ck_assert_uint_eq(store.files.bytes, 140001);
}
END_TEST

START_TEST(test_a_file_that_is_gone)
{
    ck_assert_int_eq(put(1, 70000), STORE_OK);
    ck_assert_int_eq(unlinkat(store.files.directory, "1.input", 0), 0);
    struct stored_job *job = load(1);
    ck_assert(job->input.is_lost);
    ck_assert_ptr_null(job->input.data);
    ck_assert_uint_eq(job->input.size, 70000);
    stored_job_free(job);
}
END_TEST

/* --- faults --- */

START_TEST(test_a_broken_database)
{
    struct store_op op = {.kind = STORE_LIST, .max = 1000};
    for (uint64_t seq = 1; seq < 100; seq++)
        ck_assert_int_eq(put(seq, 1000), STORE_OK);
    sqlite_store_close(&store);
    char *path = xasprintf("%s/queue.db", world->settings.path);
    int fd = open(path, O_WRONLY);
    static const char zeros[4096 * 20];
    ck_assert_int_eq(pwrite(fd, zeros, sizeof zeros, 3 * 4096), sizeof zeros);
    close(fd);
    free(path);
    if (store_opens()) { /* what is broken may be needed only later */
        post(&op);
        ck_assert_uint_eq(turn(), ENGINE_THREAD_LOST);
        ck_assert_str_ne(why, "");
        world_rows_free(&op);
    } else {
        ck_assert_ptr_nonnull(strstr(world->error, "malformed; run taskqueued --check"));
        memset(&store, 0, sizeof store);
        store.dir.fd = store.files.directory = -1;
    }
}
END_TEST

static void check_refused(const char *expected)
{
    sqlite_store_close(&store);
    ck_assert(!store_opens());
    ck_assert_msg(strstr(world->error, expected) != NULL, "%s", world->error);
    store = (struct sqlite_store){.dir = {.fd = -1}, .files = {.directory = -1}};
}

START_TEST(test_a_newer_schema)
{
    pragma("user_version", 1000);
    check_refused("a newer release made it: its schema is 1000, and this one knows up to 1");
}
END_TEST

START_TEST(test_a_database_of_another_program)
{
    pragma("application_id", 7);
    check_refused("it is a database of another program");
}
END_TEST

START_TEST(test_no_database)
{
    char *path = xasprintf("%s/queue.db", world->settings.path);
    sqlite_store_close(&store);
    int fd = open(path, O_WRONLY | O_TRUNC);
    ck_assert_int_eq(write(fd, "hello, this is no database, is it?", 34), 34);
    close(fd);
    free(path);
    ck_assert(!store_opens());
    ck_assert_ptr_nonnull(strstr(world->error, "not a database; run taskqueued --check"));
    store = (struct sqlite_store){.dir = {.fd = -1}, .files = {.directory = -1}};
}
END_TEST

/* --- the log --- */

START_TEST(test_the_log_goes_into_the_database)
{
    uint64_t seq = 0;
    while (!sqlite_wal_is_long(&store))
        ck_assert_int_eq(put(++seq, 60000), STORE_OK);
    ck_assert_uint_lt(turn(), ENGINE_THREAD_LOST);
    ck_assert_uint_eq(store.wal_pages, 0);
    ck_assert_int_eq(put(++seq, 10), STORE_OK);
    ck_assert_uint_lt(store.wal_pages, 20);
}
END_TEST

/* --- idle --- */

static off_t db_size(void)
{
    struct stat st;
    ck_assert_int_eq(fstatat(store.dir.fd, "queue.db", &st, 0), 0);
    return st.st_size;
}

START_TEST(test_an_idle_store_shrinks)
{
    int steps = 0;
    uint64_t seq;
    for (seq = 1; seq <= 300; seq++)
        ck_assert_int_eq(put(seq, 50000), STORE_OK);
    while (--seq)
        ck_assert_int_eq(end(seq, 0), STORE_OK);
    sqlite_wal_checkpoint(&store);
    ck_assert_int_gt(db_size(), 15000000);
    ck_assert_uint_eq(turn(), 1000); /* it waits whether something comes */
    ck_assert_int_eq(put(500, 0), STORE_OK);
    ck_assert_uint_eq(turn(), 1000);
    while (turn() == 5)
        ck_assert_int_lt(++steps, 100);
    ck_assert_int_gt(steps, 5);
    ck_assert_int_lt(db_size(), 6000000);
    ck_assert_uint_eq(turn(), ENGINE_THREAD_FOREVER);
}
END_TEST

/* --- backups --- */

static char *in_the_store(const char *name)
{
    return xasprintf("%s/%s", world->settings.path, name);
}

/* The copy has all that was written before its end. */
START_TEST(test_a_backup_while_others_work)
{
    uint64_t seq = 0;
    char *path = in_the_store("copy");
    struct store_op op = {.kind = STORE_BACKUP, .path = path};
    for (; seq < 100; seq++)
        ck_assert_int_eq(put(seq + 1, 60000), STORE_OK);
    ck_assert_int_eq(put(++seq, 70000), STORE_OK);
    post(&op);
    ck_assert_uint_eq(turn(), 0);
    ck_assert_int_eq(end(seq, 2500000), STORE_OK);
    while (!store.backup || faccessat(store.dir.fd, "copy.part/payloads", F_OK, 0) < 0)
        ck_assert_uint_eq(turn(), 0);
    while (STAILQ_EMPTY(&answered)) {
        struct stored_job *job = job_of_size(++seq, 70000);
        struct store_op more = {.kind = STORE_PUT, .job = job};
        post(&more);
        turn();
        STAILQ_REMOVE(&answered, &more, store_op, link);
        world_job_free(job);
    }
    ck_assert_msg(op.status == STORE_OK, "%s", op.error);
    STAILQ_INIT(&answered);
    ck_assert_uint_gt(seq, 102);
    sqlite_store_close(&store);
    char *before = world->settings.path;
    world->settings.path = path;
    open_store();
    ck_assert_uint_eq(count_files(), 1);
    ck_assert_uint_eq(store.next_seq, 102);
    struct stored_job *job = load(101);
    ck_assert_uint_eq(job->result.size, 2500000);
    ck_assert(!job->result.is_lost);
    stored_job_free(job);
    sqlite_store_close(&store);
    world->settings.path = before;
    open_store();
    ck_assert_uint_eq(count_files(), seq - 100);
    free(path);
}
END_TEST

static enum store_status back_up(const char *path, char error[256])
{
    struct store_op op = {.kind = STORE_BACKUP, .path = path};
    post(&op);
    while (STAILQ_EMPTY(&answered))
        turn();
    ck_assert_ptr_eq(STAILQ_FIRST(&answered), &op);
    STAILQ_INIT(&answered);
    snprintf(error, 256, "%s", op.error);
    return op.status;
}

START_TEST(test_a_backup_that_fails)
{
    char error[256], *path = in_the_store("copy"), *part = in_the_store("copy.part"),
                     *deep = in_the_store("no/copy");
    ck_assert_int_eq(put(1, 70000), STORE_OK);
    ck_assert_int_eq(back_up("copy", error), STORE_FAILED);
    ck_assert_str_eq(error, "copy: expected an absolute path");
    ck_assert_int_eq(back_up(deep, error), STORE_FAILED);
    ck_assert_ptr_nonnull(strstr(error, "No such file or directory"));
    store.is_ending = true;
    ck_assert_int_eq(back_up(path, error), STORE_FAILED);
    ck_assert_str_eq(error, "the queue ends");
    ck_assert_int_eq(access(part, F_OK), -1);
    store.is_ending = false;
    ck_assert_int_eq(back_up(path, error), STORE_OK);
    ck_assert_int_eq(back_up(path, error), STORE_FAILED);
    ck_assert_ptr_nonnull(strstr(error, "File exists"));
    ck_assert(!store.files.is_held);
    free(path);
    free(part);
    free(deep);
}
END_TEST

START_TEST(test_two_backups)
{
    char *paths[] = {in_the_store("one"), in_the_store("two")};
    struct store_op ops[] = {{.kind = STORE_BACKUP, .path = paths[0]},
                             {.kind = STORE_BACKUP, .path = paths[1]}};
    post(&ops[0]);
    post(&ops[1]);
    for (int i = 0; i < 2; i++) {
        while (STAILQ_EMPTY(&answered))
            turn();
        ck_assert_ptr_eq(STAILQ_FIRST(&answered), &ops[i]);
        STAILQ_INIT(&answered);
        ck_assert_int_eq(ops[i].status, STORE_OK);
        free(paths[i]);
    }
}
END_TEST

START_TEST(test_the_store_ends_amid_a_backup)
{
    char *path = in_the_store("copy");
    struct store_op op = {.kind = STORE_BACKUP, .path = path};
    ck_assert_int_eq(put(1, 3000000), STORE_OK);
    post(&op);
    turn();
    sqlite_store_close(&store);
    open_store();
    ck_assert_int_eq(faccessat(store.dir.fd, "copy.part", F_OK, 0), -1);
    free(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sqlite_batch");
    TCase *tc = tcase_create("sqlite_batch");
    world_engine = &sqlite_engine;
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_full_and_then_not);
    tcase_add_test(tc, test_files_of_a_refused_job);
    tcase_add_test(tc, test_new_jobs_stop_at_store_max);
    tcase_add_test(tc, test_bytes_are_counted);
    tcase_add_test(tc, test_orphans_go_at_the_start);
    tcase_add_test(tc, test_a_file_that_is_gone);
    tcase_add_test(tc, test_a_broken_database);
    tcase_add_test(tc, test_a_newer_schema);
    tcase_add_test(tc, test_a_database_of_another_program);
    tcase_add_test(tc, test_no_database);
    tcase_add_test(tc, test_the_log_goes_into_the_database);
    tcase_add_test(tc, test_an_idle_store_shrinks);
    tcase_add_test(tc, test_a_backup_while_others_work);
    tcase_add_test(tc, test_a_backup_that_fails);
    tcase_add_test(tc, test_two_backups);
    tcase_add_test(tc, test_the_store_ends_amid_a_backup);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
