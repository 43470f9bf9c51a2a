/* nodes: see nodes.h. */
#include "tests/unit/queue/redis/nodes.h"

#include "base/clock.h"
#include "common/xmalloc.h"

#include <stdarg.h>
#include <unistd.h>

struct own_redis nodes_server;
struct redis_settings nodes_settings = {.timeout_ms = 3000, .lease_ms = 10000, .is_unsafe = true};

/* A test's process has keys of its own. */
void nodes_prepare(struct world *world)
{
    static char *servers[1], prefix[32];
    servers[0] = nodes_server.address;
    snprintf(prefix, sizeof prefix, "t%d:", (int)getpid());
    world->redis = nodes_settings;
    world->redis.servers = (struct option_list){.items = servers, .count = 1};
    world->redis.prefix = prefix;
}

/* --- news --- */

__attribute__((format(printf, 2, 3))) static void note(struct node *node, const char *fmt, ...)
{
    size_t len = strlen(node->heard);
    va_list args;
    va_start(args, fmt);
    len += (size_t)vsnprintf(node->heard + len, sizeof node->heard - len, fmt, args);
    va_end(args);
    snprintf(node->heard + len, sizeof node->heard - len, ";");
}

static void up(void *arg)
{
    note(arg, "up");
}

static void down(void *arg)
{
    note(arg, "down");
}

static void work(void *arg, const char *module)
{
    struct node *node = arg;
    node->has_work = node->has_work || strcmp(module, "echo") == 0;
}

static void times(void *arg, uint64_t ripe_ms, uint64_t expires_ms, uint64_t over_ms)
{
    struct node *node = arg;
    node->ripe_ms = ripe_ms;
    node->expires_ms = expires_ms;
    node->over_ms = over_ms;
}

static void paused(void *arg)
{
    note(arg, "paused");
}

static void counted(void *arg)
{
    (void)arg;
}

/* Told at each tick. */
static void orphans(void *arg)
{
    if (!node_heard(arg, "orphans;"))
        note(arg, "orphans");
}

static void changed(void *arg, uint64_t seq)
{
    note(arg, "changed %" PRIu64, seq);
}

static void told(void *arg, uint64_t seq, const struct store_news *news)
{
    if (news->what == STORE_WANTS_RETRY)
        note(arg, "retry %" PRIu64 " %u %s %s %" PRIu64, seq, news->attempt, news->reason,
             news->message, news->delay_ms);
    else
        note(arg, "%s %" PRIu64 " %s", news->what == STORE_WANTS_STARTED ? "started" : "progress",
             seq, news->fields);
}

static void watched(void *arg, uint64_t seq, const char *state, uint32_t attempt,
                    const char *module, const char *reason)
{
    note(arg, "watched %" PRIu64 " %s %u %s %s", seq, state, attempt, module, reason);
}

static void followed(void *arg, uint64_t seq, unsigned wants)
{
    note(arg, "followed %" PRIu64 " %u", seq, wants);
}

static void stop(void *arg, uint64_t seq, bool kill, const char *by)
{
    note(arg, "%s %" PRIu64 " %s", kill ? "kill" : "cancel", seq, by);
}

static size_t expiring(void *arg, bool kill)
{
    note(arg, kill ? "expiring-kill" : "expiring");
    return 0;
}

static void lost(void *arg)
{
    note(arg, "lost");
}

static const struct engine_news news = {.up = up,
                                        .down = down,
                                        .work = work,
                                        .times = times,
                                        .paused = paused,
                                        .counted = counted,
                                        .orphans = orphans,
                                        .changed = changed,
                                        .told = told,
                                        .watched = watched,
                                        .followed = followed,
                                        .stop = stop,
                                        .expiring = expiring,
                                        .lost = lost};

bool node_heard(const struct node *node, const char *text)
{
    return strstr(node->heard, text);
}

void node_hear(struct node *node)
{
    node->world->ops->listen(node->world->engine, &news, node);
}

/* --- life --- */

struct node *node_new(void)
{
    struct node *node = xcalloc(1, sizeof *node);
    node->world = world_new();
    node_hear(node);
    return node;
}

void node_free(struct node *node)
{
    world_free(node->world);
    free(node);
}

void nodes_turn(struct node *first)
{
    const struct timespec pause = {.tv_nsec = 500000};
    for (struct node *node = first; node; node = node->next) {
        loop_hurry(&node->world->loop);
        world_turn(node->world);
    }
    nanosleep(&pause, NULL);
}

/* --- operations --- */

enum store_status node_put_job(struct node *node, struct stored_job *job)
{
    enum store_status status = world_do_job(node->world, STORE_PUT, job);
    world_job_free(job);
    return status;
}

enum store_status node_put(struct node *node, uint64_t seq, enum stored_state state)
{
    struct stored_job *job = world_job(node->world, seq, "in");
    job->run.state = (uint8_t)state;
    return node_put_job(node, job);
}

static const char *numbers(struct store_op *op)
{
    static char text[512];
    const struct store_row *row;
    size_t len = 0;
    *text = '\0';
    STAILQ_FOREACH (row, &op->rows, link)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%" PRIu64, len ? " " : "",
                                row->job->seq);
    world_rows_free(op);
    return text;
}

const char *node_claim(struct node *node, size_t max)
{
    struct store_op op = {.kind = STORE_CLAIM, .module = "echo", .max = max, .max_bytes = SIZE_MAX};
    if (world_do(node->world, &op) == STORE_LOST)
        return "lost";
    return numbers(&op);
}

const char *node_adopt(struct node *node)
{
    struct store_op op = {.kind = STORE_ADOPT, .max = 100};
    world_do(node->world, &op);
    return numbers(&op);
}

const char *node_look(struct node *node, uint64_t seq, unsigned wants)
{
    static char text[32];
    struct store_op op = {.kind = STORE_LOAD, .seq = seq, .wants = wants};
    *text = '\0';
    if (world_do(node->world, &op) != STORE_OK)
        return text;
    snprintf(text, sizeof text, "%c%u%s", "wdhe"[op.job->run.state], op.job->run.attempt,
             op.is_held ? " held" : "");
    stored_job_free(op.job);
    return text;
}

enum store_status node_end(struct node *node, uint64_t seq, bool is_held)
{
    struct stored_job *job = world_job(node->world, seq, "");
    struct store_op op = {.kind = STORE_ENDED, .job = job, .is_held = is_held};
    job->run = (struct stored_run){.state = STORED_ENDED, .attempt = 1};
    stored_job_set_outcome(
        job, &(struct stored_outcome){
                 .is_done = true, .fields = "", .ended_ms = 1, .over_ms = 4000000000000});
    world_do(node->world, &op);
    world_job_free(job);
    return op.status;
}
