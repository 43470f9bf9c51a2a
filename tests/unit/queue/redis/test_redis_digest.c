/* test_redis_digest: digests of inputs, piece by piece. */
#include "base/payload.h"
#include "queue/redis/redis_digest.h"
#include "tests/unit/support.h"

enum { LARGE = 5 << 20 };

static struct timers timers;
static struct payload_budget budget;
static struct redis_digests digests;
static char ready[64];

static void on_ready(void *arg, struct store_op *op)
{
    size_t len = strlen(ready);
    (void)arg;
    snprintf(ready + len, sizeof ready - len, "%" PRIu64 " ", op->job->seq);
}

static void begin(void)
{
    timers_init(&timers, 1);
    budget.max = UINT64_MAX;
    redis_digests_init(&digests, &timers, on_ready, NULL);
}

static void end(void)
{
    timers_free(&timers);
    while (!payload_sweep(&budget))
        ;
}

/* Of so many bytes 'a', in parts. */
static struct store_op put(uint64_t seq, const char *key, size_t size)
{
    static const char bytes[4096] = {'a'};
    const struct stored_wish wish = {.module = "m", .owner = "", .id = "1", .key = key};
    struct store_op op = {.kind = STORE_PUT, .job = stored_job_new(&wish)};
    struct payload *payload = size ? payload_new(&budget, size, 1, true) : NULL;
    for (size_t have = 0; have < size; have += sizeof bytes)
        payload_append(payload, bytes, size - have < sizeof bytes ? size - have : sizeof bytes);
    op.job->seq = seq;
    op.job->input = (struct stored_body){.size = size, .payload = payload};
    return op;
}

static void drop(struct store_op *op)
{
    payload_unref((struct payload *)op->job->input.payload);
    stored_job_free(op->job);
}

static void digest_all(uint8_t digest[STORED_DIGEST], const struct stored_job *job)
{
    SHA2_CTX sha;
    SHA256Init(&sha);
    const struct payload *payload = job->input.payload;
    for (const struct payload_part *part = payload ? payload->first : NULL; part; part = part->next)
        SHA256Update(&sha, (const uint8_t *)part->data, part->len);
    SHA256Final(digest, &sha);
}

static const size_t sizes[] = {0, 1, 4096, 1u << 20, (1u << 20) + 1, LARGE};

START_TEST(test_digests)
{
    uint8_t digest[STORED_DIGEST];
    begin();
    struct store_op op = put(1, "k", sizes[_i]);
    redis_digests_add(&digests, &op);
    int turns = 0;
    for (; redis_digests_is_busy(&digests); turns++) {
        timers_turn(&timers, timers.now_us + 1);
        timers_run(&timers);
    }
    digest_all(digest, op.job);
    ck_assert_mem_eq(op.job->wish.digest, digest, STORED_DIGEST);
    ck_assert_str_eq(ready, "1 ");
    ck_assert_int_eq(turns,
                     sizes[_i] <= 1u << 20 ? 0 : (int)(sizes[_i] >> 20) + (int)(sizes[_i] & 1));
    drop(&op);
    end();
}
END_TEST

START_TEST(test_small_ones_do_not_wait)
{
    begin();
    struct store_op ops[] = {put(1, "k", LARGE), put(2, "k", LARGE), put(3, "k", 10),
                             put(4, NULL, LARGE)};
    for (size_t i = 0; i < SUPPORT_COUNT(ops); i++)
        redis_digests_add(&digests, &ops[i]);
    ck_assert_str_eq(ready, "3 4 ");
    while (redis_digests_is_busy(&digests)) {
        timers_turn(&timers, timers.now_us + 1);
        timers_run(&timers);
    }
    ck_assert_str_eq(ready, "3 4 1 2 ");
    ck_assert_mem_eq(ops[0].job->wish.digest, ops[1].job->wish.digest, STORED_DIGEST);
    for (size_t i = 0; i < SUPPORT_COUNT(ops); i++)
        drop(&ops[i]);
    end();
}
END_TEST

START_TEST(test_clear_gives_them_back)
{
    struct store_ops left = STAILQ_HEAD_INITIALIZER(left);
    begin();
    struct store_op ops[] = {put(1, "k", LARGE), put(2, "k", LARGE)};
    redis_digests_add(&digests, &ops[0]);
    redis_digests_add(&digests, &ops[1]);
    redis_digests_clear(&digests, &left);
    ck_assert_ptr_eq(STAILQ_FIRST(&left), &ops[0]);
    ck_assert_ptr_eq(STAILQ_NEXT(&ops[0], link), &ops[1]);
    ck_assert(!redis_digests_is_busy(&digests) && !timer_is_set(&digests.next));
    drop(&ops[0]);
    drop(&ops[1]);
    end();
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("redis_digest");
    tcase_add_loop_test(tc, test_digests, 0, (int)SUPPORT_COUNT(sizes));
    tcase_add_test(tc, test_small_ones_do_not_wait);
    tcase_add_test(tc, test_clear_gives_them_back);
    Suite *suite = suite_create("redis_digest");
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
