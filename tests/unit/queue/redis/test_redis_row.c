/* test_redis_row: rows of answers as jobs, whole and broken ones. */
#include "common/xmalloc.h"
#include "queue/redis/redis_reply.h"
#include "queue/redis/redis_row.h"
#include "queue/redis/redis_wish.h"
#include "tests/unit/support.h"

enum { COLUMNS = 18 };

/* A row as Redis sends it. An element is a text, or NULL: nil. */
struct row {
    const char *items[COLUMNS];
    size_t lens[COLUMNS];
};

static struct redis_reply *reply_of(const struct row *row, size_t count)
{
    struct redis_reader *reader = redis_reader_new();
    char head[32];
    redis_reader_feed(reader, head, (size_t)snprintf(head, sizeof head, "*%zu\r\n", count));
    for (size_t i = 0; i < count; i++) {
        const char *item = row->items[i];
        size_t len = row->lens[i] ? row->lens[i] : item ? strlen(item) : 0;
        int n = item ? snprintf(head, sizeof head, "$%zu\r\n", len)
                     : snprintf(head, sizeof head, "$-1\r\n");
        redis_reader_feed(reader, head, (size_t)n);
        if (!item)
            continue;
        redis_reader_feed(reader, item, len);
        redis_reader_feed(reader, "\r\n", 2);
    }
    struct redis_reply *reply = redis_reader_next(reader);
    ck_assert_ptr_nonnull(reply);
    redis_reader_free(reader);
    return reply;
}

static struct redis_blob wish, outcome;
static char sizes[2][16];

static struct row good_row(void)
{
    static const struct stored_wish asked = {.module = "echo", .owner = "web", .id = "7"};
    static const struct stored_outcome ended = {.reason = "error", .fields = "", .ended_ms = 5};
    redis_wish_write(&wish, &asked);
    redis_blob_bytes(&wish, "input", 5);
    redis_outcome_write(&outcome, &ended);
    redis_blob_bytes(&outcome, "result", 6);
    snprintf(sizes[0], sizeof sizes[0], "%zu", wish.len - 5);
    snprintf(sizes[1], sizeof sizes[1], "%zu", outcome.len - 6);
    return (struct row){.items = {"00000000000000000017", "e", "2", "1", "3", NULL, "0", "9", NULL,
                                  "1790000000000", "1", "4:1 12:6 ", sizes[0], "5", sizes[1], "6",
                                  wish.bytes, outcome.bytes},
                        .lens = {[16] = wish.len, [17] = outcome.len}};
}

static void free_row(void)
{
    redis_blob_free(&wish);
    redis_blob_free(&outcome);
}

static struct stored_job *read(const struct row *row, size_t count, uint64_t epoch)
{
    struct redis_reply *reply = reply_of(row, count);
    struct stored_job *job = redis_row_read(reply, epoch);
    redis_reply_free(reply);
    return job;
}

START_TEST(test_a_row_is_a_job)
{
    const struct row row = good_row();
    struct stored_job *job = read(&row, COLUMNS, 4);
    ck_assert_ptr_nonnull(job);
    ck_assert_uint_eq(job->seq, 17);
    ck_assert_uint_eq(job->run.state, STORED_ENDED);
    ck_assert_uint_eq(job->run.attempt, 2);
    ck_assert_uint_eq(job->run.failures, 1);
    ck_assert_uint_eq(job->run.losses, 3);
    ck_assert(!job->run.is_cancelled);
    ck_assert_uint_eq(job->run.expires_ms, 9);
    ck_assert_uint_eq(job->outcome.over_ms, 1790000000000);
    ck_assert(job->wish.is_detached);
    ck_assert_uint_eq(job->others, 6);
    ck_assert_uint_eq(job->input.size, 5);
    ck_assert_mem_eq(job->input.data, "input", 5);
    ck_assert_mem_eq(job->result.data, "result", 6);
    stored_job_free(job);
    free_row();
}
END_TEST

START_TEST(test_bodies_that_were_not_asked_for)
{
    struct row row = good_row();
    row.lens[16] -= 5;
    row.lens[17] -= 6;
    struct stored_job *job = read(&row, COLUMNS, 0);
    ck_assert_uint_eq(job->others, 7);
    ck_assert_uint_eq(job->input.size, 5);
    ck_assert_ptr_null(job->input.data);
    ck_assert(!job->input.is_lost);
    ck_assert_ptr_null(job->result.data);
    stored_job_free(job);
    row.lens[16] += 2;
    job = read(&row, COLUMNS, 0);
    ck_assert(job->input.is_lost);
    stored_job_free(job);
    free_row();
}
END_TEST

/* Any element may be missing, or be other bytes. */
START_TEST(test_broken_rows)
{
    static const char *const bad[] = {NULL, "", "x", "18446744073709551615", "1:", ":", "4:1 4"};
    for (size_t count = 0; count < COLUMNS; count++) {
        const struct row row = good_row();
        stored_job_free(read(&row, count, 4));
        free_row();
    }
    for (size_t at = 0; at < COLUMNS; at++)
        for (size_t i = 0; i < SUPPORT_COUNT(bad); i++) {
            struct row row = good_row();
            row.items[at] = bad[i];
            row.lens[at] = 0;
            stored_job_free(read(&row, COLUMNS, 4));
            free_row();
        }
}
END_TEST

START_TEST(test_rows_that_are_none)
{
    struct row row = good_row();
    row.items[1] = "z";
    ck_assert_ptr_null(read(&row, COLUMNS, 4));
    row = (free_row(), good_row());
    row.items[16] = "no wish";
    row.lens[16] = 0;
    ck_assert_ptr_null(read(&row, COLUMNS, 4));
    row = (free_row(), good_row());
    row.items[17] = NULL;
    row.lens[17] = 0;
    ck_assert_ptr_null(read(&row, COLUMNS, 4));
    free_row();
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("redis_row");
    tcase_add_test(tc, test_a_row_is_a_job);
    tcase_add_test(tc, test_bodies_that_were_not_asked_for);
    tcase_add_test(tc, test_broken_rows);
    tcase_add_test(tc, test_rows_that_are_none);
    Suite *suite = suite_create("redis_row");
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
