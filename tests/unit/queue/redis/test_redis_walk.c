/*
 * test_redis_walk: three nodes at random on one Redis. It drops their connections, and hangs for
 * longer than a submit waits. A node that gets no turns for longer than its lease is dead
 * meanwhile.
 *
 * Each confirmed job ends once: never twice, whoever held it in between, and never not at all.
 */
#include "base/clock.h"
#include "common/xmalloc.h"
#include "queue/redis/redis_engine.h"
#include "tests/unit/queue/redis/nodes.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    NODES = 3,
    JOBS_MAX = 20000,
    IN_FLIGHT = 12, /* operations of a node */
    HELD_MAX = 40,
    WALK_US = 4000000,
    END_US = 60000000,
    DEATH_US = 1500000, /* longer than the lease */
    FREEZE_US = 150000, /* of Redis, at least: about as long as a submit waits for it */
    TIMEOUT_MS = 200,
};

struct walker {
    struct node *node;
    size_t in_flight;
    uint32_t held[4 * HELD_MAX];
    size_t held_count;
    bool has_orphans, has_died;
    uint64_t dead_until_us; /* it gets no turns before */
};

/* An operation of a walker. */
struct act {
    struct store_op op;
    struct walker *walker;
};

static struct chance chance;
static struct walker walkers[NODES];
static struct {
    bool is_put, may_be_put; /* confirmed, or not */
    uint32_t ends;           /* perhaps before the put is confirmed */
} jobs[JOBS_MAX + 1];        /* by number, from 1 on */
static uint32_t job_count, confirmed, lost_ends, deaths;

/* --- what a walker holds --- */

static void hold(struct walker *walker, uint64_t seq)
{
    hot_assert(walker->held_count < SUPPORT_COUNT(walker->held));
    walker->held[walker->held_count++] = (uint32_t)seq;
}

static uint32_t let_one_go(struct walker *walker)
{
    size_t at = chance_below(&chance, walker->held_count);
    uint32_t seq = walker->held[at];
    walker->held[at] = walker->held[--walker->held_count];
    return seq;
}

/* --- answers --- */

static void finish(struct act *act)
{
    act->walker->in_flight--;
    if (act->op.job)
        world_job_free(act->op.job);
    free(act);
}

static void put_done(struct store_op *op)
{
    struct act *act = (struct act *)op;
    uint64_t seq = op->job->seq;
    hot_assert(op->status == STORE_OK || op->status == STORE_UNCONFIRMED ||
               op->status == STORE_AWAY);
    jobs[seq].is_put = op->status == STORE_OK;
    jobs[seq].may_be_put = op->status == STORE_UNCONFIRMED;
    confirmed += jobs[seq].is_put;
    if (jobs[seq].is_put && op->job->run.state == STORED_HANDED)
        hold(act->walker, seq);
    finish(act);
}

static void rows_done(struct store_op *op)
{
    struct act *act = (struct act *)op;
    const struct store_row *row;
    STAILQ_FOREACH (row, &op->rows, link)
        hold(act->walker, row->job->seq);
    world_rows_free(op);
    finish(act);
}

static void end_done(struct store_op *op)
{
    uint64_t seq = op->job->seq;
    hot_assert(op->status == STORE_OK || op->status == STORE_LOST);
    lost_ends += op->status == STORE_LOST;
    if (op->status == STORE_OK)
        hot_assert_msg(!jobs[seq].ends++, "job %" PRIu64 " ended twice", seq);
    finish((struct act *)op);
}

static void back_done(struct store_op *op)
{
    hot_assert(op->status == STORE_OK || op->status == STORE_LOST);
    finish((struct act *)op);
}

static void any_done(struct store_op *op)
{
    finish((struct act *)op);
}

/* --- operations --- */

static void post(struct walker *walker, enum store_kind kind, struct stored_job *job,
                 void (*done)(struct store_op *op))
{
    struct world *world = walker->node->world;
    struct act *act = xcalloc(1, sizeof *act);
    act->walker = walker;
    act->op = (struct store_op){.kind = kind,
                                .done = done,
                                .job = job,
                                .module = "echo",
                                .max = 3,
                                .max_bytes = SIZE_MAX,
                                .is_held = true};
    walker->in_flight++;
    world->ops->post(world->engine, &act->op);
}

static void put(struct walker *walker)
{
    static const uint8_t states[] = {STORED_WAITING, STORED_HANDED, STORED_DELAYED};
    struct stored_job *job;
    if (job_count == JOBS_MAX || walker->held_count >= HELD_MAX)
        return;
    job = world_job(walker->node->world, ++job_count, "in");
    job->run.state = states[chance_below(&chance, SUPPORT_COUNT(states))];
    job->run.attempt = job->run.state == STORED_HANDED;
    job->run.due_ms = job->run.state == STORED_DELAYED ? 1000 : 0;
    post(walker, STORE_PUT, job, put_done);
}

static void claim(struct walker *walker)
{
    if (walker->held_count < HELD_MAX)
        post(walker, STORE_CLAIM, NULL, rows_done);
}

static void adopt(struct walker *walker)
{
    if (!walker->has_orphans || walker->held_count >= HELD_MAX)
        return;
    walker->has_orphans = false;
    post(walker, STORE_ADOPT, NULL, rows_done);
}

static void end(struct walker *walker)
{
    if (!walker->held_count)
        return;
    struct stored_job *job = world_job(walker->node->world, let_one_go(walker), "");
    job->run = (struct stored_run){.state = STORED_ENDED, .attempt = 1};
    stored_job_set_outcome(
        job, &(struct stored_outcome){.is_done = true, .fields = "", .over_ms = 4000000000000});
    post(walker, STORE_ENDED, job, end_done);
}

static void back(struct walker *walker)
{
    if (!walker->held_count)
        return;
    struct stored_job *job = world_job(walker->node->world, let_one_go(walker), "");
    job->run = (struct stored_run){.state = STORED_WAITING};
    if (chance_percent(&chance, 30))
        job->run = (struct stored_run){.state = STORED_DELAYED, .due_ms = 1000};
    post(walker, STORE_BACK, job, back_done);
}

static void ripen(struct walker *walker)
{
    post(walker, STORE_RIPEN, NULL, any_done);
}

/* --- news --- */

static struct walker *walker_of(void *arg)
{
    struct walker *walker = arg;
    return walker;
}

static void nothing(void *arg)
{
    (void)arg;
}

static void on_work(void *arg, const char *module)
{
    (void)arg, (void)module;
}

static void on_times(void *arg, uint64_t ripe_ms, uint64_t expires_ms, uint64_t over_ms)
{
    (void)arg, (void)ripe_ms, (void)expires_ms, (void)over_ms;
}

static void on_orphans(void *arg)
{
    walker_of(arg)->has_orphans = true;
}

static void on_lost(void *arg)
{
    walker_of(arg)->held_count = 0;
    walker_of(arg)->has_died = true;
    deaths++;
}

static size_t on_expiring(void *arg, bool kill)
{
    (void)arg, (void)kill;
    return 0;
}

static const struct engine_news news = {.up = nothing,
                                        .down = nothing,
                                        .work = on_work,
                                        .times = on_times,
                                        .paused = nothing,
                                        .counted = nothing,
                                        .orphans = on_orphans,
                                        .expiring = on_expiring,
                                        .lost = on_lost};

/* --- disasters --- */

/* All connections of all nodes end, wherever their calls and answers are. */
static void drop_connections(void)
{
    static const char command[] = "CLIENT KILL TYPE normal SKIPME yes\r\n"
                                  "CLIENT KILL TYPE pubsub SKIPME yes\r\n";
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char answers[64];
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", nodes_server.address + strlen("unix:"));
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_eq(write(fd, command, sizeof command - 1), sizeof command - 1);
    ck_assert_int_gt(read(fd, answers, sizeof answers), 0);
    close(fd);
}

static void happen(void)
{
    static uint64_t next_us;
    uint64_t now_us = clock_us();
    if (now_us < next_us)
        return;
    next_us = now_us + FREEZE_US + chance_below(&chance, 400000);
    own_redis_thaw(&nodes_server);
    if (chance_percent(&chance, 60))
        drop_connections();
    else if (chance_percent(&chance, 50))
        own_redis_freeze(&nodes_server);
    else
        walkers[chance_below(&chance, NODES)].dead_until_us = now_us + DEATH_US;
}

/* --- the walk --- */

static void step(struct walker *walker, bool puts)
{
    static void (*const acts[])(struct walker * walker) = {put, put, claim, claim, adopt,
                                                           end, end, end,   back,  ripen};
    void (*act)(struct walker *) = acts[chance_below(&chance, SUPPORT_COUNT(acts))];
    if (walker->in_flight < IN_FLIGHT && (puts || act != put))
        act(walker);
}

static void turn(bool is_wild, bool acts)
{
    if (is_wild)
        happen();
    for (size_t i = 0; i < NODES; i++) {
        struct walker *walker = &walkers[i];
        if (clock_us() < walker->dead_until_us)
            continue;
        for (int n = 0; acts && n < 3; n++)
            step(walker, is_wild);
        loop_hurry(&walker->node->world->loop);
        world_turn(walker->node->world);
    }
}

static void begin(void)
{
    nodes_settings.lease_ms = 1000;
    nodes_settings.timeout_ms = TIMEOUT_MS;
    for (size_t i = 0; i < NODES; i++) {
        struct world *world;
        walkers[i].node = node_new();
        world = walkers[i].node->world;
        world->ops->listen(world->engine, &news, &walkers[i]);
    }
}

/* Confirmed jobs that have not ended. */
static uint32_t jobs_left(void)
{
    uint32_t left = 0;
    for (uint32_t seq = 1; seq <= job_count; seq++)
        left += jobs[seq].is_put && !jobs[seq].ends;
    return left;
}

/* No job waits or is held by anybody: also none that a node was told nothing of. */
static bool is_quiet(void)
{
    struct world *world = walkers[0].node->world;
    const struct store_count *all = &world->ops->contents(world->engine)->all;
    return !jobs_left() && !all->waiting && !all->delayed && !all->handed;
}

static size_t in_flight(void)
{
    size_t sum = 0;
    for (size_t i = 0; i < NODES; i++)
        sum += walkers[i].in_flight;
    return sum;
}

START_TEST(test_walk)
{
    chance_init(&chance, "test_redis_walk");
    begin();
    walkers[chance_below(&chance, NODES)].dead_until_us = clock_us() + DEATH_US;
    for (uint64_t until_us = clock_us() + WALK_US; clock_us() < until_us;)
        turn(true, true);
    own_redis_thaw(&nodes_server);
    for (uint64_t until_us = clock_us() + END_US; !is_quiet() || in_flight();) {
        turn(false, !is_quiet());
        hot_assert_msg(clock_us() < until_us, "%u of %u jobs have not ended", jobs_left(),
                       confirmed);
    }
    for (uint32_t seq = 1; seq <= job_count; seq++)
        hot_assert(jobs[seq].ends == jobs[seq].is_put || jobs[seq].may_be_put);
    printf("%u jobs, %u confirmed, %u late ends, %u deaths\n", job_count, confirmed, lost_ends,
           deaths);
    for (size_t i = 0; i < NODES; i++)
        node_free(walkers[i].node);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("walk");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, test_walk);
    Suite *suite = suite_create("redis_walk");
    quiet_log();
    own_redis_start(&nodes_server);
    world_engine = &redis_engine;
    world_prepare = nodes_prepare;
    suite_add_tcase(suite, tc);
    int status = run_suite(suite);
    own_redis_end(&nodes_server);
    return status;
}
