/* engine_world: see engine_world.h. */
#include "tests/unit/queue/store/engine_world.h"

#include "common/xmalloc.h"
#include "tests/unit/support.h"

#include <event2/event.h>
#include <ftw.h>
#include <unistd.h>

const struct engine_ops *world_engine;

/* The answers of this world: a program has one at a time. */
static struct world *the_world;

static void on_failed(void *arg, const char *why)
{
    struct world *world = arg;
    snprintf(world->failed, sizeof world->failed, "%s", why);
}

/* --- life --- */

bool world_tries_to_open(struct world *world)
{
    const struct engine_parts parts = {
        .settings = &world->settings, .base = world->base, .failed = on_failed, .arg = world};
    world->engine = world->ops->open(&parts, world->error, sizeof world->error);
    return world->engine;
}

void world_open(struct world *world)
{
    ck_assert_msg(world_tries_to_open(world), "%s", world->error);
}

void world_close(struct world *world)
{
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
    world->base = event_base_new();
    world->budget.max = UINT64_MAX;
    the_world = world;
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
    event_base_free(world->base);
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

void world_wait(struct world *world, size_t answered)
{
    while (world->answered < answered && !*world->failed)
        event_base_loop(world->base, EVLOOP_ONCE);
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

enum store_status world_do_job(struct world *world, enum store_kind kind, struct stored_job *job)
{
    struct store_op op = {.kind = kind, .job = job};
    return world_do(world, &op);
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
