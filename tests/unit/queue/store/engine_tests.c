/* engine_tests: see engine_tests.h. */
#include "tests/unit/queue/store/engine_tests.h"

#include "common/xmalloc.h"
#include "tests/unit/queue/store/engine_world.h"
#include "tests/unit/queue/store/wish_check.h"
#include "tests/unit/support.h"

#include <event2/event.h>
#include <signal.h>
#include <sys/time.h>

/* --- one job --- */

static const struct stored_wish every_wish = {
    .module = "resize",
    .owner = "",
    .id = "\"a\"",
    .context = "{\"x\":1.10}",
    .key = "k",
    .priority = 9,
    .retry_on = RETRY_ON_ERROR | RETRY_ON_EXPIRED,
    .is_detached = true,
    .wants_usage = true,
    .retries = 3,
    .retry_delay_ms = 1000,
    .timeout_ms = 5000,
    .soft_timeout_ms = 4000,
    .max_wait_ms = 31536000000,
    .ttl_ms = 2592000000,
    .submitted_ms = 1790000000000,
};

static void check_run(const struct stored_run *is, const struct stored_run *was)
{
    ck_assert_uint_eq(is->state, was->state);
    ck_assert(is->is_cancelled == was->is_cancelled);
    ck_assert_uint_eq(is->attempt, was->attempt);
    ck_assert_uint_eq(is->failures, was->failures);
    ck_assert_uint_eq(is->losses, was->losses);
    ck_assert_uint_eq(is->due_ms, was->due_ms);
    ck_assert_uint_eq(is->expires_ms, was->expires_ms);
}

START_TEST(test_each_field_of_a_wish_is_kept)
{
    struct world *world = world_new();
    struct stored_job *job = world_job_like(world, 17, &every_wish, "abc");
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    world_reopen(world);
    struct stored_job *read = world_load(world, 17);
    ck_assert_uint_eq(read->seq, 17);
    check_wish(&read->wish, &job->wish);
    ck_assert(read->wish.is_detached == job->wish.is_detached);
    check_run(&read->run, &job->run);
    ck_assert_uint_eq(read->input.size, 3);
    ck_assert_mem_eq(read->input.data, "abc", 3);
    ck_assert_uint_eq(read->result.size, 0);
    stored_job_free(read);
    world_job_free(job);
    world_free(world);
}
END_TEST

START_TEST(test_each_field_of_a_run_is_kept)
{
    struct world *world = world_new();
    struct stored_job *job = world_job(world, 17, "abc");
    job->run = (struct stored_run){.state = STORED_DELAYED,
                                   .is_cancelled = true,
                                   .attempt = 1,
                                   .failures = 2,
                                   .losses = 3,
                                   .due_ms = 1790000000001,
                                   .expires_ms = 1790000000002};
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    world_reopen(world);
    struct stored_job *read = world_load(world, 17);
    check_run(&read->run, &job->run);
    stored_job_free(read);
    world_job_free(job);
    world_free(world);
}
END_TEST

START_TEST(test_an_unknown_job)
{
    struct world *world = world_new();
    struct stored_job *job = world_job(world, 1, "");
    ck_assert_ptr_null(world_load(world, 1));
    for (enum store_kind kind = STORE_HANDED; kind <= STORE_ENDED; kind++)
        ck_assert_int_eq(world_do_job(world, kind, job), STORE_UNKNOWN);
    world_job_free(job);
    world_free(world);
}
END_TEST

static void end(struct world *world, struct stored_job *job, bool is_done, struct payload *result)
{
    stored_job_set_outcome(job, &(struct stored_outcome){.is_done = is_done,
                                                         .reason = is_done ? NULL : "timeout",
                                                         .fields = ",\"order\":1",
                                                         .ended_ms = 1000,
                                                         .over_ms = 2000});
    job->run.state = STORED_ENDED;
    job->result = (struct stored_body){.size = result ? result->size : 0, .payload = result};
    ck_assert_int_eq(world_do_job(world, STORE_ENDED, job), STORE_OK);
}

static void check_pattern(const struct stored_body *body, size_t size)
{
    ck_assert_uint_eq(body->size, size);
    for (size_t i = 0; i < size; i++)
        hot_assert(body->data[i] == (char)(i * 7 + i / 4096));
}

START_TEST(test_a_whole_life)
{
    struct world *world = world_new();
    struct stored_job *job = world_job(world, 1, "in"), *read;
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    world_hand(world, job);
    job->run.state = STORED_WAITING;
    job->run.losses = 1;
    ck_assert_int_eq(world_do_job(world, STORE_BACK, job), STORE_OK);
    world_hand(world, job);
    end(world, job, true, world_payload(world, 100));
    read = world_load(world, 1);
    ck_assert_uint_eq(read->run.attempt, 2);
    ck_assert_uint_eq(read->run.losses, 1);
    ck_assert(read->outcome.is_done);
    ck_assert_ptr_null(read->outcome.reason);
    ck_assert_str_eq(read->outcome.fields, ",\"order\":1");
    ck_assert_uint_eq(read->outcome.ended_ms, 1000);
    ck_assert_uint_eq(read->outcome.over_ms, 2000);
    check_pattern(&read->result, 100);
    stored_job_free(read);
    world_job_free(job);
    world_free(world);
}
END_TEST

/* Each change starts from its own states. */
START_TEST(test_a_change_from_another_state_is_none)
{
    struct world *world = world_new();
    struct stored_job *job = world_job(world, 1, "in");
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    ck_assert_int_eq(world_do_job(world, STORE_AGAIN, job), STORE_UNKNOWN);
    world_hand(world, job);
    ck_assert_int_eq(world_do_job(world, STORE_HANDED, job), STORE_UNKNOWN);
    end(world, job, false, NULL);
    ck_assert_int_eq(world_do_job(world, STORE_ENDED, job), STORE_UNKNOWN);
    ck_assert_int_eq(world_do_job(world, STORE_BACK, job), STORE_UNKNOWN);
    ck_assert_int_eq(world_do_job(world, STORE_HANDED, job), STORE_UNKNOWN);
    world_job_free(job);
    world_free(world);
}
END_TEST

/* --- bodies --- */

/* Sizes around the end of a payload's part, and around 64 KiB. */
static const size_t sizes[] = {0, 1, 4096, 4097, 65535, 65536, 65537, 3 << 20};

START_TEST(test_bodies_of_each_size)
{
    struct world *world = world_new();
    struct stored_job *job = world_job(world, 1, ""), *read;
    size_t size = sizes[_i];
    job->input = (struct stored_body){.size = size, .payload = world_payload(world, size)};
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    world_reopen(world);
    read = world_load(world, 1);
    check_pattern(&read->input, size);
    stored_job_free(read);
    end(world, job, true, world_payload(world, size));
    world_reopen(world);
    read = world_load(world, 1);
    check_pattern(&read->result, size);
    stored_job_free(read);
    world_job_free(job);
    world_free(world);
}
END_TEST

/* --- the next jobs of a module --- */

static void put_with_priority(struct world *world, uint64_t seq, uint8_t priority)
{
    const struct stored_wish wish = {
        .module = "echo", .owner = "", .id = "1", .priority = priority};
    struct stored_job *job = world_job_like(world, seq, &wish, "12345678");
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    world_job_free(job);
}

/* The numbers of the read jobs, as a text. */
static const char *numbers(struct store_op *op)
{
    static char text[512];
    size_t len = 0;
    struct store_row *row;
    text[0] = '\0';
    STAILQ_FOREACH (row, &op->rows, link)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%" PRIu64, len ? " " : "",
                                row->job->seq);
    world_rows_free(op);
    return text;
}

static struct store_op take_op(size_t max, size_t max_bytes)
{
    return (struct store_op){
        .kind = STORE_TAKE, .module = "echo", .max = max, .max_bytes = max_bytes};
}

START_TEST(test_take_reads_in_order)
{
    struct world *world = world_new();
    static const uint8_t priorities[] = {5, 5, 9, 0, 5, 9};
    for (uint64_t i = 0; i < 6; i++)
        put_with_priority(world, i + 1, priorities[i]);
    struct store_op op = take_op(3, SIZE_MAX);
    world_do(world, &op);
    ck_assert(!op.is_whole);
    ck_assert_str_eq(numbers(&op), "3 6 1");
    op.behind_priority = 5;
    op.behind_seq = 1;
    world_do(world, &op);
    ck_assert(op.is_whole);
    ck_assert_str_eq(numbers(&op), "2 5 4");
    op = take_op(100, 17);
    world_do(world, &op);
    ck_assert(!op.is_whole);
    ck_assert_str_eq(numbers(&op), "3 6");
    op = take_op(100, 1);
    world_do(world, &op);
    ck_assert_str_eq(numbers(&op), "3");
    world_free(world);
}
END_TEST

START_TEST(test_take_leaves_out_others)
{
    struct world *world = world_new();
    struct stored_job *job = world_job_like(world, 4, &every_wish, "");
    world_put(world, 1, "one");
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    world_job_free(job);
    job = world_job(world, 5, "");
    job->run.state = STORED_DELAYED;
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    world_job_free(job);
    job = world_job(world, 6, "");
    job->run.state = STORED_HANDED;
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    world_job_free(job);
    struct store_op op = take_op(10, SIZE_MAX);
    world_do(world, &op);
    ck_assert_mem_eq(STAILQ_FIRST(&op.rows)->job->input.data, "one", 3);
    ck_assert(op.is_whole);
    ck_assert_str_eq(numbers(&op), "1");
    world_free(world);
}
END_TEST

/* --- keys --- */

static enum store_status put_key(struct world *world, uint64_t seq, const char *owner,
                                 const char *input, uint64_t *other)
{
    const struct stored_wish wish = {.module = "echo", .owner = owner, .id = "1", .key = "key"};
    struct stored_job *job = world_job_like(world, seq, &wish, input);
    struct store_op op = {.kind = STORE_PUT, .job = job};
    world_do(world, &op);
    *other = op.other;
    world_job_free(job);
    return op.status;
}

START_TEST(test_a_key_joins)
{
    struct world *world = world_new();
    uint64_t other;
    ck_assert_int_eq(put_key(world, 1, "a", "x", &other), STORE_OK);
    ck_assert_int_eq(put_key(world, 2, "a", "x", &other), STORE_JOINED);
    ck_assert_uint_eq(other, 1);
    ck_assert_int_eq(put_key(world, 3, "a", "y", &other), STORE_CONFLICT);
    ck_assert_uint_eq(other, 1);
    ck_assert_int_eq(put_key(world, 4, "b", "y", &other), STORE_OK);
    ck_assert_ptr_null(world_load(world, 2));
    ck_assert_ptr_null(world_load(world, 3));
    world_free(world);
}
END_TEST

static enum store_status put_large(struct world *world, uint64_t seq, size_t size)
{
    struct stored_job *job = world_job_like(world, seq, &every_wish, "");
    job->input = (struct stored_body){.size = size, .payload = world_payload(world, size)};
    enum store_status status = world_do_job(world, STORE_PUT, job);
    world_job_free(job);
    return status;
}

START_TEST(test_a_key_of_a_large_input)
{
    enum { LARGE = 3 << 20 };
    struct world *world = world_new();
    ck_assert_int_eq(put_large(world, 1, LARGE), STORE_OK);
    ck_assert_int_eq(put_large(world, 2, LARGE), STORE_JOINED);
    ck_assert_int_eq(put_large(world, 3, LARGE + 1), STORE_CONFLICT);
    world_free(world);
}
END_TEST

static void put_detached(struct world *world, uint64_t seq, bool is_detached)
{
    struct stored_wish wish = every_wish;
    wish.is_detached = is_detached;
    struct stored_job *job = world_job_like(world, seq, &wish, "x");
    world_do_job(world, STORE_PUT, job);
    world_job_free(job);
}

START_TEST(test_a_joined_job_is_detached_by_any)
{
    struct world *world = world_new();
    for (uint64_t seq = 1; seq <= 3; seq++) {
        put_detached(world, seq, seq == 3);
        struct stored_job *job = world_load(world, 1);
        ck_assert(job->wish.is_detached == (seq == 3));
        stored_job_free(job);
    }
    world_free(world);
}
END_TEST

/* The key of a done job is taken as long as its outcome is kept, that of a failed one is free. */
START_TEST(test_the_key_of_an_ended_job)
{
    struct world *world = world_new();
    uint64_t other;
    bool is_done = _i;
    ck_assert_int_eq(put_key(world, 1, "", "x", &other), STORE_OK);
    struct stored_job *job = world_load(world, 1);
    end(world, job, is_done, NULL);
    stored_job_free(job);
    ck_assert_int_eq(put_key(world, 2, "", "x", &other), is_done ? STORE_JOINED : STORE_OK);
    world_free(world);
}
END_TEST

/* --- many operations --- */

static uint64_t told[3000];
static size_t told_count;

static void note_order(struct store_op *op)
{
    told[told_count++] = op->seq;
    world_count_answer(op);
}

START_TEST(test_answers_come_in_order)
{
    struct world *world = world_new();
    struct store_op *ops = xcalloc(3000, sizeof *ops);
    for (size_t i = 0; i < 3000; i++) {
        ops[i] = (struct store_op){.kind = STORE_PUT, .seq = i, .done = note_order};
        ops[i].job = world_job(world, i + 1, "x");
        world->ops->post(world->engine, &ops[i]);
        if (i % 700 == 0)
            world->ops->flush(world->engine);
    }
    world->ops->flush(world->engine);
    world_wait(world, 3000);
    for (size_t i = 0; i < 3000; i++) {
        hot_assert(told[i] == i && ops[i].status == STORE_OK);
        world_job_free(ops[i].job);
    }
    free(ops);
    world_free(world);
}
END_TEST

/* What is posted is done before the end, also what an answer posts. */
static void do_nothing(int signal)
{
    (void)signal;
}

static struct store_op second;

static void post_second(struct store_op *op)
{
    struct world *world = (struct world *)(uintptr_t)op->now_ms;
    world_count_answer(op);
    world->ops->post(world->engine, &second);
}

START_TEST(test_close_does_what_is_posted)
{
    struct world *world = world_new();
    struct store_op op = {.kind = STORE_PUT,
                          .job = world_job(world, 1, ""),
                          .done = post_second,
                          .now_ms = (uintptr_t)world};
    second = (struct store_op){
        .kind = STORE_PUT, .job = world_job(world, 2, ""), .done = world_count_answer};
    world->ops->post(world->engine, &op);
    world_reopen(world);
    ck_assert_uint_eq(world->answered, 2);
    world_job_free(op.job);
    world_job_free(second.job);
    stored_job_free(world_load(world, 2));
    ck_assert_uint_eq(world->answered, 3);
    world_free(world);
}
END_TEST

START_TEST(test_contents)
{
    struct world *world = world_new();
    struct stored_job *job = world_job(world, 5, "");
    world_put(world, 1, "");
    world_put(world, 2, "");
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    world_hand(world, job);
    world_job_free(job);
    job = world_job_like(world, 9, &every_wish, "x");
    job->run.state = STORED_DELAYED;
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    world_job_free(job);
    world_reopen(world);
    const struct store_contents *contents = world->ops->contents(world->engine);
    ck_assert_uint_eq(contents->next_seq, 10);
    ck_assert_uint_eq(contents->module_count, 2);
    ck_assert_str_eq(contents->modules[0].name, "echo");
    ck_assert_uint_eq(contents->modules[0].waiting, 2);
    ck_assert_uint_eq(contents->modules[0].handed, 1);
    ck_assert_str_eq(contents->modules[1].name, "resize");
    ck_assert_uint_eq(contents->modules[1].delayed, 1);
    ck_assert_uint_eq(contents->owner_count, 2);
    ck_assert_str_eq(contents->owners[1].name, "");
    ck_assert_uint_eq(contents->paused_count, 0);
    world_free(world);
}
END_TEST

/* Signals that come meanwhile cut nothing short. */
START_TEST(test_close_amid_signals)
{
    enum { OPS = 300 };
    const struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
    const struct sigaction action = {.sa_handler = do_nothing};
    struct world *world = world_new();
    struct store_op ops[OPS];
    for (uint64_t i = 0; i < OPS; i++) {
        ops[i] = (struct store_op){
            .kind = STORE_PUT, .job = world_job(world, i + 1, ""), .done = world_count_answer};
        world->ops->post(world->engine, &ops[i]);
    }
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    world_close(world);
    setitimer(ITIMER_REAL, &never, NULL);
    ck_assert_uint_eq(world->answered, OPS);
    for (size_t i = 0; i < OPS; i++)
        world_job_free(ops[i].job);
    world_free(world);
}
END_TEST

/* Clients choose the names of modules. */
START_TEST(test_contents_of_many_modules)
{
    enum { MODULES = 2000 };
    struct world *world = world_new_synced(STORE_SYNC_OFF);
    for (uint64_t i = 0; i < 2 * MODULES; i++) {
        char name[16];
        snprintf(name, sizeof name, "m%d", (int)(i % MODULES));
        const struct stored_wish wish = {.module = name, .owner = "", .id = "1"};
        struct stored_job *job = world_job_like(world, i + 1, &wish, "");
        ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
        world_job_free(job);
    }
    world_reopen(world);
    const struct store_contents *contents = world->ops->contents(world->engine);
    ck_assert_uint_eq(contents->module_count, MODULES);
    ck_assert_uint_eq(contents->owner_count, 1);
    ck_assert_str_eq(contents->modules[MODULES - 1].name, "m1999");
    for (size_t i = 0; i < MODULES; i++)
        ck_assert_uint_eq(contents->modules[i].waiting, 2);
    world_free(world);
}
END_TEST

/* --- again, forget, marks --- */

static enum store_status load_status(struct world *world, uint64_t seq)
{
    struct store_op op = {.kind = STORE_LOAD, .seq = seq};
    world_do(world, &op);
    if (op.status == STORE_OK)
        stored_job_free(op.job);
    return op.status;
}

/* Of a job that this node does not hold. */
static enum store_status not_in_such_a_state(const struct world *world)
{
    return world->ops->is_shared ? STORE_MOVED : STORE_UNKNOWN;
}

/* A job with this result; it has ended. */
static struct stored_job *put_ended(struct world *world, uint64_t seq, bool is_done, size_t size)
{
    struct stored_job *job = world_job(world, seq, "in");
    job->run.attempt = 1;
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    end(world, job, is_done, size ? world_payload(world, size) : NULL);
    return job;
}

START_TEST(test_a_failed_job_runs_again)
{
    struct world *world = world_new();
    struct stored_job *job = put_ended(world, 1, false, sizes[_i]), *read;
    job->run.state = STORED_WAITING;
    ck_assert_int_eq(world_do_job(world, STORE_AGAIN, job), STORE_OK);
    read = world_load(world, 1);
    ck_assert_uint_eq(read->run.state, STORED_WAITING);
    ck_assert_mem_eq(read->input.data, "in", 2);
    ck_assert_uint_eq(read->result.size, 0);
    ck_assert_ptr_null(read->outcome.reason);
    stored_job_free(read);
    ck_assert_int_eq(world_do_job(world, STORE_AGAIN, job), not_in_such_a_state(world));
    world_hand(world, job);
    payload_unref((struct payload *)job->result.payload);
    end(world, job, true, world_payload(world, 65537));
    ck_assert_int_eq(world_do_job(world, STORE_AGAIN, job), not_in_such_a_state(world));
    world_reopen(world);
    read = world_load(world, 1);
    check_pattern(&read->result, 65537);
    stored_job_free(read);
    world_job_free(job);
    world_free(world);
}
END_TEST

START_TEST(test_again_needs_its_key)
{
    struct world *world = world_new();
    uint64_t other;
    ck_assert_int_eq(put_key(world, 1, "", "x", &other), STORE_OK);
    struct stored_job *job = world_load(world, 1);
    end(world, job, false, NULL);
    ck_assert_int_eq(put_key(world, 2, "", "x", &other), STORE_OK);
    struct store_op op = {.kind = STORE_AGAIN, .job = job};
    ck_assert_int_eq(world_do(world, &op), STORE_CONFLICT);
    ck_assert_uint_eq(op.other, 2);
    stored_job_free(job);
    job = world_load(world, 1);
    ck_assert_uint_eq(job->run.state, STORED_ENDED);
    stored_job_free(job);
    world_free(world);
}
END_TEST

START_TEST(test_forget)
{
    struct world *world = world_new();
    struct stored_job *job = put_ended(world, 1, _i, 65537), *waiting = world_job(world, 2, "");
    ck_assert_int_eq(world_do_job(world, STORE_FORGET, job), STORE_OK);
    ck_assert_int_eq(world_do_job(world, STORE_FORGET, job), STORE_UNKNOWN);
    ck_assert_int_eq(load_status(world, 1), STORE_UNKNOWN);
    ck_assert_int_eq(world_do_job(world, STORE_PUT, waiting), STORE_OK);
    ck_assert_int_eq(world_do_job(world, STORE_FORGET, waiting), not_in_such_a_state(world));
    world_job_free(job);
    world_job_free(waiting);
    world_free(world);
}
END_TEST

/* A number is not given again, whatever became of its job. */
START_TEST(test_numbers_go_on)
{
    struct world *world = world_new();
    struct stored_job *job = put_ended(world, 2, false, 0);
    ck_assert_int_eq(world_do_job(world, STORE_FORGET, job), STORE_OK);
    world_reopen(world);
    ck_assert_uint_eq(world->ops->contents(world->engine)->next_seq, 3);
    world_job_free(job);
    world_free(world);
}
END_TEST

START_TEST(test_mark_cancelled)
{
    struct world *world = world_new();
    struct stored_job *job = world_job(world, 1, ""), *read;
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    job->run.is_cancelled = true;
    ck_assert_int_eq(world_do_job(world, STORE_MARK, job), STORE_OK);
    read = world_load(world, 1);
    ck_assert(read->run.is_cancelled);
    stored_job_free(read);
    world_job_free(job);
    world_free(world);
}
END_TEST

static uint64_t over_after_mark(struct world *world, uint64_t seq, uint64_t over_ms)
{
    struct stored_job *job = world_job(world, seq, ""), *read;
    job->outcome.over_ms = over_ms;
    world_do_job(world, STORE_MARK, job);
    world_job_free(job);
    read = world_load(world, seq);
    over_ms = read->outcome.over_ms;
    stored_job_free(read);
    return over_ms;
}

START_TEST(test_mark_makes_the_end_sooner)
{
    struct world *world = world_new();
    uint64_t other;
    world_job_free(put_ended(world, 1, true, 0)); /* over at 2000 */
    ck_assert_uint_eq(over_after_mark(world, 1, 3000), 2000);
    ck_assert_uint_eq(over_after_mark(world, 1, 1500), 1500);
    ck_assert_int_eq(put_key(world, 2, "", "x", &other), STORE_OK);
    struct stored_job *job = world_load(world, 2);
    end(world, job, true, NULL);
    stored_job_free(job);
    ck_assert_uint_eq(over_after_mark(world, 2, 1500), 2000);
    world_free(world);
}
END_TEST

static void set_done(struct stored_job *job, struct payload *result)
{
    stored_job_set_outcome(
        job, &(struct stored_outcome){.is_done = true, .fields = "", .over_ms = 2000});
    job->run.state = STORED_ENDED;
    job->result = (struct stored_body){.size = result ? result->size : 0, .payload = result};
}

/* In one flush, with results of all sizes: none, small, and large. */
START_TEST(test_many_ends_at_once)
{
    enum { ENDS = 250 };
    static const size_t results[] = {0, 1, 4096, 4097, 70000, 64};
    static struct store_op ops[ENDS];
    struct world *world = world_new();
    for (size_t i = 0; i < ENDS; i++) {
        size_t size = results[i % 6];
        struct stored_job *job = world_job(world, i + 1, "");
        ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
        ops[i] = (struct store_op){.kind = STORE_ENDED, .job = job, .done = world_count_answer};
        set_done(job, size ? world_payload(world, size) : NULL);
    }
    size_t answered = world->answered;
    for (size_t i = 0; i < ENDS; i++)
        world->ops->post(world->engine, &ops[i]);
    world->ops->flush(world->engine);
    world_wait(world, answered + ENDS);
    for (size_t i = 0; i < ENDS; i++) {
        struct stored_job *read = world_load(world, i + 1);
        ck_assert_int_eq(ops[i].status, STORE_OK);
        ck_assert_int_eq(read->run.state, STORED_ENDED);
        check_pattern(&read->result, results[i % 6]);
        stored_job_free(read);
        world_job_free(ops[i].job);
    }
    world_free(world);
}
END_TEST

/* In one flush, as the keep posts them; one job in three is unknown. */
START_TEST(test_many_marks_at_once)
{
    enum { MARKS = 600 };
    static struct store_op ops[MARKS];
    struct world *world = world_new();
    for (uint64_t seq = 1; seq <= MARKS; seq++)
        if (seq % 3)
            world_job_free(put_ended(world, seq, true, 0));
    size_t answered = world->answered;
    for (size_t i = 0; i < MARKS; i++) {
        ops[i] = (struct store_op){
            .kind = STORE_MARK, .job = world_job(world, i + 1, ""), .done = world_count_answer};
        ops[i].job->outcome.over_ms = 1000 + i;
        world->ops->post(world->engine, &ops[i]);
    }
    world->ops->flush(world->engine);
    world_wait(world, answered + MARKS);
    for (size_t i = 0; i < MARKS; i++) {
        ck_assert_int_eq(ops[i].status, (i + 1) % 3 ? STORE_OK : STORE_UNKNOWN);
        world_job_free(ops[i].job);
    }
    struct stored_job *read = world_load(world, 301);
    ck_assert_uint_eq(read->outcome.over_ms, 1300);
    stored_job_free(read);
    world_free(world);
}
END_TEST

/* --- times --- */

static void put_at(struct world *world, uint64_t seq, uint64_t due_ms, uint64_t expires_ms)
{
    struct stored_job *job = world_job(world, seq, "");
    job->run.state = due_ms ? STORED_DELAYED : STORED_WAITING;
    job->run.due_ms = due_ms;
    job->run.expires_ms = expires_ms;
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    world_job_free(job);
}

static struct store_op at_op(enum store_kind kind, uint64_t now_ms, size_t max)
{
    return (struct store_op){.kind = kind, .now_ms = now_ms, .max = max};
}

START_TEST(test_ripen)
{
    struct world *world = world_new();
    static const uint64_t due[] = {500, 300, 400, 900};
    for (uint64_t i = 0; i < 4; i++)
        put_at(world, i + 1, due[i], 0);
    struct store_op op = at_op(STORE_RIPEN, 500, 2);
    world_do(world, &op);
    ck_assert(!op.is_whole);
    ck_assert_uint_eq(op.next_ms, 500);
    ck_assert_uint_eq(STAILQ_FIRST(&op.rows)->job->run.state, STORED_WAITING);
    ck_assert_str_eq(numbers(&op), "2 3");
    world_do(world, &op);
    ck_assert(op.is_whole);
    ck_assert_uint_eq(op.next_ms, 900);
    ck_assert_str_eq(numbers(&op), "1");
    struct store_op take = take_op(10, SIZE_MAX);
    world_do(world, &take);
    ck_assert_str_eq(numbers(&take), "1 2 3");
    op.now_ms = 900;
    world_do(world, &op);
    ck_assert_uint_eq(op.next_ms, 0);
    ck_assert_str_eq(numbers(&op), "4");
    world_free(world);
}
END_TEST

/* A range of numbers has its own clock. */
START_TEST(test_ripen_in_a_range)
{
    struct world *world = world_new();
    static const uint64_t due[] = {100, 200, 300, 400};
    for (uint64_t i = 0; i < 4; i++)
        put_at(world, i + 1, due[i], 0);
    struct store_op op = at_op(STORE_RIPEN, 350, 10);
    op.behind_seq = 1;
    op.until_seq = 2;
    world_do(world, &op);
    ck_assert_uint_eq(op.next_ms, 0);
    ck_assert_str_eq(numbers(&op), "2");
    op.until_seq = 0;
    world_do(world, &op);
    ck_assert_uint_eq(op.next_ms, 400);
    ck_assert_str_eq(numbers(&op), "3");
    world_free(world);
}
END_TEST

/* However many others wait, a look at the next time costs little; the time may be too early then,
 * and never too late. */
START_TEST(test_next_behind_many_others)
{
    enum { OTHERS = 1500, DUE = 100000 };
    struct world *world = world_new_synced(STORE_SYNC_OFF);
    for (uint64_t i = 1; i <= OTHERS; i++)
        put_at(world, i, 1000 + i, 1000 + i);
    put_at(world, OTHERS + 1, DUE, DUE);
    for (int expires = 0; expires < 2; expires++) {
        struct store_op op = at_op(expires ? STORE_EXPIRE : STORE_RIPEN, 500, 10);
        op.behind_seq = OTHERS;
        int looks = 0;
        do {
            world_do(world, &op);
            ck_assert(op.is_whole && STAILQ_EMPTY(&op.rows));
            ck_assert(op.next_ms > op.now_ms && op.next_ms <= DUE);
            op.now_ms = op.next_ms - (op.next_ms == DUE);
            looks++;
        } while (op.next_ms != DUE);
        ck_assert_int_le(looks, 2);
        op.behind_seq++; /* behind all: none of the few that are left */
        world_do(world, &op);
        ck_assert_uint_eq(op.next_ms, 0);
    }
    world_free(world);
}
END_TEST

START_TEST(test_expire_reads)
{
    struct world *world = world_new();
    put_at(world, 1, 0, 0);
    put_at(world, 2, 0, 200);
    put_at(world, 3, 50, 100);
    put_at(world, 4, 0, 300);
    struct store_op op = at_op(STORE_EXPIRE, 200, 10);
    world_do(world, &op);
    ck_assert(op.is_whole);
    ck_assert_uint_eq(op.next_ms, 300);
    ck_assert_str_eq(numbers(&op), "3 2");
    op.max = 1;
    world_do(world, &op);
    ck_assert(!op.is_whole);
    ck_assert_str_eq(numbers(&op), "3");
    struct stored_job *job = world_load(world, 3);
    end(world, job, false, NULL);
    stored_job_free(job);
    world_do(world, &op);
    ck_assert_str_eq(numbers(&op), "2");
    world_free(world);
}
END_TEST

START_TEST(test_sweep)
{
    struct world *world = world_new();
    world_job_free(put_ended(world, 1, true, 65537)); /* over at 2000 */
    world_job_free(put_ended(world, 2, false, 10));
    world_job_free(put_ended(world, 3, true, 0));
    ck_assert_uint_eq(over_after_mark(world, 2, 1500), 1500);
    world_put(world, 4, "");
    struct store_op op = at_op(STORE_SWEEP, 1999, 10);
    world_do(world, &op);
    ck_assert_uint_eq(op.next_ms, 2000);
    ck_assert_str_eq(numbers(&op), "2");
    op = at_op(STORE_SWEEP, 2000, 1);
    world_do(world, &op);
    ck_assert_uint_eq(op.next_ms, 2000);
    ck_assert_str_eq(numbers(&op), "1");
    world_do(world, &op);
    ck_assert(op.is_whole);
    ck_assert_uint_eq(op.next_ms, 0);
    ck_assert_str_eq(numbers(&op), "3");
    ck_assert_int_eq(load_status(world, 4), STORE_OK);
    world_free(world);
}
END_TEST

/* --- lists, pauses --- */

static const char *list(struct world *world, const struct store_filter *filter)
{
    struct store_op op = {.kind = STORE_LIST, .max = 100, .filter = *filter};
    world_do(world, &op);
    ck_assert(op.is_whole);
    return numbers(&op);
}

START_TEST(test_list)
{
    struct world *world = world_new();
    struct stored_job *job = world_job_like(world, 2, &every_wish, "");
    world_put(world, 1, "");
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    world_hand(world, job);
    world_job_free(job);
    world_job_free(put_ended(world, 3, false, 0));
    world_job_free(put_ended(world, 4, true, 0));
    ck_assert_str_eq(list(world, &(struct store_filter){0}), "1 2 3 4");
    ck_assert_str_eq(list(world, &(struct store_filter){.module = "resize"}), "2");
    ck_assert_str_eq(list(world, &(struct store_filter){.owner = "web"}), "1 3 4");
    ck_assert_str_eq(list(world, &(struct store_filter){.reason = "timeout"}), "3");
    ck_assert_str_eq(list(world, &(struct store_filter){.states = 1u << STORED_HANDED}), "2");
    ck_assert_str_eq(
        list(world, &(struct store_filter){.states = 1u << STORED_HANDED, .owner = "x"}), "");
    ck_assert_str_eq(list(world, &(struct store_filter){.states = 1u << STORED_ENDED}), "3 4");
    world_free(world);
}
END_TEST

START_TEST(test_list_by_pages)
{
    struct world *world = world_new();
    for (uint64_t seq = 1; seq <= 5; seq++)
        world_put(world, seq, "");
    struct store_op op = {.kind = STORE_LIST, .max = 2};
    world_do(world, &op);
    ck_assert_str_eq(numbers(&op), "1 2");
    ck_assert_uint_eq(op.behind_seq, 2);
    world_do(world, &op);
    ck_assert(!op.is_whole);
    ck_assert_str_eq(numbers(&op), "3 4");
    world_do(world, &op);
    ck_assert(op.is_whole);
    ck_assert_str_eq(numbers(&op), "5");
    world_free(world);
}
END_TEST

static void pause_module(struct world *world, const char *module, bool on)
{
    struct store_op op = {.kind = STORE_PAUSE, .module = module, .on = on};
    ck_assert_int_eq(world_do(world, &op), STORE_OK);
}

START_TEST(test_pauses_are_kept)
{
    struct world *world = world_new();
    pause_module(world, "echo", true);
    pause_module(world, "echo", true);
    pause_module(world, NULL, true);
    pause_module(world, "resize", true);
    pause_module(world, "resize", false);
    world_reopen(world);
    const struct store_contents *contents = world->ops->contents(world->engine);
    ck_assert_uint_eq(contents->paused_count, 2);
    ck_assert_str_eq(contents->paused[0], "");
    ck_assert_str_eq(contents->paused[1], "echo");
    world_free(world);
}
END_TEST

TCase *engine_tests(void)
{
    TCase *tc = tcase_create("engine");
    tcase_add_test(tc, test_each_field_of_a_wish_is_kept);
    tcase_add_test(tc, test_a_whole_life);
    tcase_add_loop_test(tc, test_bodies_of_each_size, 0, (int)SUPPORT_COUNT(sizes));
    tcase_add_test(tc, test_a_key_joins);
    tcase_add_test(tc, test_a_key_of_a_large_input);
    tcase_add_test(tc, test_a_joined_job_is_detached_by_any);
    tcase_add_loop_test(tc, test_the_key_of_an_ended_job, 0, 2);
    tcase_add_test(tc, test_answers_come_in_order);
    tcase_add_test(tc, test_close_does_what_is_posted);
    tcase_add_test(tc, test_close_amid_signals);
    tcase_add_loop_test(tc, test_a_failed_job_runs_again, 0, (int)SUPPORT_COUNT(sizes));
    tcase_add_test(tc, test_again_needs_its_key);
    tcase_add_loop_test(tc, test_forget, 0, 2);
    tcase_add_test(tc, test_mark_makes_the_end_sooner);
    tcase_add_test(tc, test_many_marks_at_once);
    tcase_add_test(tc, test_many_ends_at_once);
    tcase_add_test(tc, test_list);
    tcase_add_test(tc, test_list_by_pages);
    tcase_add_test(tc, test_pauses_are_kept);
    return tc;
}

TCase *engine_tests_alone(void)
{
    TCase *tc = tcase_create("alone");
    tcase_add_test(tc, test_each_field_of_a_run_is_kept);
    tcase_add_test(tc, test_an_unknown_job);
    tcase_add_test(tc, test_a_change_from_another_state_is_none);
    tcase_add_test(tc, test_take_reads_in_order);
    tcase_add_test(tc, test_take_leaves_out_others);
    tcase_add_test(tc, test_contents);
    tcase_add_test(tc, test_contents_of_many_modules);
    tcase_add_test(tc, test_numbers_go_on);
    tcase_add_test(tc, test_mark_cancelled);
    tcase_add_test(tc, test_ripen);
    tcase_add_test(tc, test_ripen_in_a_range);
    tcase_add_test(tc, test_next_behind_many_others);
    tcase_add_test(tc, test_expire_reads);
    tcase_add_test(tc, test_sweep);
    return tc;
}
