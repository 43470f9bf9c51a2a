/* engine_world: see engine_world.h. */
#include "tests/unit/queue/store/engine_world.h"

#include "common/xmalloc.h"
#include "tests/unit/support.h"

#include <event2/event.h>
#include <ftw.h>
#include <unistd.h>

const struct engine_ops *world_engine;
void (*world_prepare)(struct world *world);

/* The world that has its turn: answers are its own. */
static struct world *the_world;

static void on_failed(void *arg, const char *why)
{
    struct world *world = arg;
    snprintf(world->failed, sizeof world->failed, "%s", why);
}

/* --- life --- */

bool world_tries_to_open(struct world *world)
{
    const struct engine_parts parts = {.settings = &world->settings,
                                       .redis = &world->redis,
                                       .base = world->loop.base,
                                       .loop = &world->conns,
                                       .failed = on_failed,
                                       .arg = world};
    world->engine = world->ops->open(&parts, world->error, sizeof world->error);
    return world->engine;
}

void world_open(struct world *world)
{
    ck_assert_msg(world_tries_to_open(world), "%s", world->error);
    while (world->ops->is_up && !world->ops->is_up(world->engine))
        world_turn(world);
}

void world_close(struct world *world)
{
    the_world = world;
    world->ops->close(world->engine);
    world->engine = NULL;
}

void world_reopen(struct world *world)
{
    world_close(world);
    world_open(world);
}

struct world *world_new_synced(enum store_sync sync)
{
    const char *parent = getenv("TMPDIR");
    char *path = xasprintf("%s/store.XXXXXX", parent ? parent : "/tmp");
    struct world *world = xcalloc(1, sizeof *world);
    ck_assert_ptr_nonnull(mkdtemp(path));
    world->ops = world_engine;
    world->settings = (struct store_settings){.path = path, .sync = sync, .max = 1 << 30};
    loop_open(&world->loop);
    conn_loop_init(&world->conns, world->loop.base, &world->loop.timers, &world->budget,
                   &world->budget);
    world->budget.max = UINT64_MAX;
    the_world = world;
    if (world_prepare)
        world_prepare(world);
    world_open(world);
    return world;
}

struct world *world_new(void)
{
    return world_new_synced(STORE_SYNC_OFF);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void world_free(struct world *world)
{
    if (world->engine)
        world_close(world);
    nftw(world->settings.path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(world->settings.path);
    conn_loop_chores(&world->conns);
    conn_loop_free(&world->conns);
    loop_close(&world->loop);
    while (!payload_sweep(&world->budget))
        ;
    free(world);
}

/* --- jobs --- */

struct stored_job *world_job_like(struct world *world, uint64_t seq, const struct stored_wish *wish,
                                  const char *input)
{
    struct stored_job *job = stored_job_new(wish);
    job->seq = seq;
    job->input.size = strlen(input);
    if (*input)
        job->input.payload = payload_from(&world->budget, input, strlen(input));
    return job;
}

struct stored_job *world_job(struct world *world, uint64_t seq, const char *input)
{
    const struct stored_wish wish = {.module = "echo", .owner = "web", .id = "7", .priority = 5};
    return world_job_like(world, seq, &wish, input);
}

struct payload *world_payload(struct world *world, size_t size)
{
    char *bytes = xmalloc(size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 7 + i / 4096);
    struct payload *payload = payload_new(&world->budget, size, 1, true);
    payload_append(payload, bytes, size);
    free(bytes);
    return payload;
}

void world_job_free(struct stored_job *job)
{
    payload_unref((struct payload *)job->input.payload);
    payload_unref((struct payload *)job->result.payload);
    stored_job_free(job);
}

/* --- operations --- */

void world_count_answer(struct store_op *op)
{
    (void)op;
    the_world->answered++;
}

static void end_turn(struct world *world)
{
    world->ops->flush(world->engine);
    conn_loop_chores(&world->conns);
}

/* As a daemon's. */
void world_turn(struct world *world)
{
    the_world = world;
    loop_turn(&world->loop);
    end_turn(world);
}

void world_wait(struct world *world, size_t answered)
{
    end_turn(world); /* of the test, which has posted */
    while (world->answered < answered && !*world->failed)
        world_turn(world);
    ck_assert_msg(!*world->failed, "%s", world->failed);
}

enum store_status world_do(struct world *world, struct store_op *op)
{
    size_t answered = world->answered + 1;
    op->done = world_count_answer;
    world->ops->post(world->engine, op);
    world->ops->flush(world->engine);
    world_wait(world, answered);
    return op->status;
}

static bool is_held(const struct world *world, uint64_t seq)
{
    return seq < 64 && world->held >> seq & 1;
}

enum store_status world_do_job(struct world *world, enum store_kind kind, struct stored_job *job)
{
    struct store_op op = {.kind = kind, .job = job, .is_held = is_held(world, job->seq)};
    world_do(world, &op);
    if (op.is_held && op.status == STORE_OK && (kind == STORE_BACK || kind == STORE_ENDED))
        world->held &= ~(1ull << job->seq);
    return op.status;
}

static void claim(struct world *world, struct stored_job *job)
{
    struct store_op op = {
        .kind = STORE_CLAIM, .module = job->wish.module, .max = 1, .max_bytes = SIZE_MAX};
    ck_assert_int_eq(world_do(world, &op), STORE_OK);
    ck_assert_ptr_nonnull(STAILQ_FIRST(&op.rows));
    ck_assert_uint_eq(STAILQ_FIRST(&op.rows)->job->seq, job->seq);
    job->run = STAILQ_FIRST(&op.rows)->job->run;
    world->held |= 1ull << job->seq;
    world_rows_free(&op);
}

void world_hand(struct world *world, struct stored_job *job)
{
    if (world->ops->is_shared) {
        claim(world, job);
        return;
    }
    job->run.state = STORED_HANDED;
    job->run.attempt++;
    ck_assert_int_eq(world_do_job(world, STORE_HANDED, job), STORE_OK);
}

void world_put(struct world *world, uint64_t seq, const char *input)
{
    struct stored_job *job = world_job(world, seq, input);
    ck_assert_int_eq(world_do_job(world, STORE_PUT, job), STORE_OK);
    world_job_free(job);
}

struct stored_job *world_load(struct world *world, uint64_t seq)
{
    struct store_op op = {.kind = STORE_LOAD, .seq = seq, .with_input = true, .with_result = true};
    return world_do(world, &op) == STORE_OK ? op.job : NULL;
}

void world_rows_free(struct store_op *op)
{
    struct store_row *row;
    while ((row = STAILQ_FIRST(&op->rows))) {
        STAILQ_REMOVE_HEAD(&op->rows, link);
        stored_job_free(row->job);
        free(row);
    }
}
