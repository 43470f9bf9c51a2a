/* queue: see queue.h. */
#include "queue.h"

#include "die.h"
#include "proc.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    STREAM_QUEUE = 3,
    CONNECT_US = 10000, /* between two tries */
    INTERVAL_US = 15000,
    STOPPED_MIN_US = 100000,
    STOPPED_MAX_US = 800000,
    FINISH_US = 40000000, /* from the clients' last job to the end of everything */
};

static struct queue_rest *rest_of(struct queue *queue)
{
    return &queue->ledger->rest;
}

static bool is_working(const struct queue *queue)
{
    return queue->phase == QUEUE_UP || queue->phase == QUEUE_SETTLING;
}

/* --- the monitor --- */

static void ask(void *arg)
{
    static const char text[] = "{\"op\":\"ping\"}\n{\"op\":\"stats\"}\n";
    struct queue *queue = arg;
    if (!connection_is_open(&queue->watch) || queue->pinging)
        return;
    queue->pinging = true;
    queue->tainted = queue->stopped;
    queue->ping_busy_us = queue->loop->busy_us;
    queue->ping_waited_us = proc_cpu(queue->daemon.pid).waited_us;
    queue->own_waited_us = proc_cpu(getpid()).waited_us;
    queue->ping_us = clock_now_us();
    connection_write(&queue->watch, text, sizeof text - 1);
    connection_flush(&queue->watch);
}

/* Without our own delays, and the scheduler's. */
static void take_pong(struct queue *queue)
{
    uint64_t took = clock_now_us() - queue->ping_us;
    uint64_t late = queue->loop->busy_us - queue->ping_busy_us;
    queue->pinging = false;
    if (queue->tainted)
        return;
    late += proc_cpu(queue->daemon.pid).waited_us - queue->ping_waited_us;
    late += proc_cpu(getpid()).waited_us - queue->own_waited_us;
    if (took > late && took - late > rest_of(queue)->slowest_ping_us)
        rest_of(queue)->slowest_ping_us = took - late;
}

static uint64_t uint_at(json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

static void end_daemon(struct queue *queue, int signo)
{
    queue->work.ends = true;
    queue->ends_well = signo != SIGKILL;
    queued_signal(&queue->daemon, signo);
}

static void take_last_figures(struct queue *queue, uint64_t ended)
{
    struct queue_rest *rest = rest_of(queue);
    rest->reached = true;
    rest->ended = ended;
    rest->files_after = proc_files(queue->daemon.pid);
    rest->rss_after_kb = proc_rss_kb(queue->daemon.pid);
    queue->phase = QUEUE_LEAVING;
    end_daemon(queue, SIGTERM);
}

static void take_first_figures(struct queue *queue)
{
    struct queue_rest *rest = rest_of(queue);
    rest->files_before = proc_files(queue->daemon.pid);
    rest->rss_before_kb = proc_rss_kb(queue->daemon.pid);
    queue->phase = QUEUE_UP;
}

static void take_stats(struct queue *queue, json_t *stats)
{
    json_t *jobs = json_object_get(stats, "jobs");
    bool has_master = json_is_true(json_object_get(json_object_get(stats, "master"), "connected"));
    uint64_t alive = uint_at(jobs, "waiting") + uint_at(jobs, "delayed") + uint_at(jobs, "handed") +
                     uint_at(jobs, "running");
    bool alone = uint_at(json_object_get(stats, "clients"), "connected") == 1;
    if (queue->phase == QUEUE_FIRST && has_master)
        take_first_figures(queue);
    else if (queue->phase == QUEUE_RESTING && has_master && !alive && alone)
        take_last_figures(queue, uint_at(jobs, "ended"));
}

static void on_message(void *arg, json_t *header, const char *payload, size_t size)
{
    struct queue *queue = arg;
    const char *event = json_string_value(json_object_get(header, "event"));
    json_t *body = size ? json_loadb(payload, size, 0, NULL) : NULL;
    if (event && strcmp(event, "hello") == 0) {
        queue->phase = rest_of(queue)->files_before ? QUEUE_UP : QUEUE_FIRST;
        ask(queue);
    } else if (event && strcmp(event, "pong") == 0) {
        take_pong(queue);
    } else if (event && strcmp(event, "stats") == 0 && body) {
        loop_set(queue->loop, &queue->next, INTERVAL_US);
        take_stats(queue, body);
    } else if (!event || strcmp(event, "draining") != 0) {
        rest_of(queue)->strays++;
    }
    json_decref(body);
}

static void on_closed(void *arg, int error)
{
    struct queue *queue = arg;
    (void)error;
    loop_clear(&queue->next);
    if (!queue->work.ends && queue->phase != QUEUE_STARTING)
        rest_of(queue)->lost_conns++;
}

static void on_broken(void *arg)
{
    rest_of(arg)->strays++;
}

static const struct connection_ops ops = {
    .message = on_message, .broken = on_broken, .end = on_closed};

static void watch(struct queue *queue)
{
    static const char hello[] = "{\"op\":\"hello\",\"protocol\":1,\"client\":\"monitor\"}\n";
    int fd = queued_connect(&queue->daemon);
    if (fd < 0)
        return;
    queue->pinging = false;
    connection_open(&queue->watch, queue->loop, fd, &ops, queue);
    connection_write(&queue->watch, hello, sizeof hello - 1);
}

/* --- starts and ends --- */

static void start(struct queue *queue)
{
    queue->phase = QUEUE_STARTING;
    queue->work.ends = false;
    queue->stopped = false;
    rest_of(queue)->epochs++;
    queued_start(&queue->daemon);
}

/* An end by a signal of ours is told to nobody; the others are the checker's. */
static void note_end(struct queue *queue, int status)
{
    bool killed = queue->work.ends && !queue->ends_well;
    if (killed || (queue->work.ends && WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return;
    rest_of(queue)->died = true;
    rest_of(queue)->status = status;
}

static void drop_clients(struct queue *queue)
{
    for (int i = 0; i < QUEUE_CLIENTS; i++)
        queue_client_drop(&queue->clients[i]);
}

static void on_down(void *arg, int status)
{
    struct queue *queue = arg;
    note_end(queue, status);
    loop_clear(&queue->next);
    loop_clear(&queue->go_on);
    connection_close(&queue->watch, false);
    drop_clients(queue);
    if (queue->phase == QUEUE_LEAVING || rest_of(queue)->died)
        queue->phase = QUEUE_OFF;
    else
        start(queue);
}

/* --- faults --- */

static void on_go_on(void *arg)
{
    struct queue *queue = arg;
    queue->stopped = false;
    queued_signal(&queue->daemon, SIGCONT);
}

static void stop(struct queue *queue)
{
    queue->stopped = queue->tainted = true;
    queued_signal(&queue->daemon, SIGSTOP);
    loop_set(queue->loop, &queue->go_on,
             rng_range(&queue->work.rng, STOPPED_MIN_US, STOPPED_MAX_US));
}

static void strike(struct queue *queue)
{
    uint64_t dice = rng_below(&queue->work.rng, 100);
    struct queue_rest *rest = rest_of(queue);
    if (dice < 45) {
        rest->kills++;
        queue->phase = QUEUE_ENDING;
        end_daemon(queue, SIGKILL);
    } else if (dice < 60) {
        rest->terms++;
        queue->phase = QUEUE_ENDING;
        end_daemon(queue, SIGTERM);
    } else if (dice < 80) {
        rest->stops++;
        stop(queue);
    } else {
        rest->cuts++;
        relay_cut(&queue->relay);
    }
}

static void strike_in_time(struct queue *queue)
{
    uint64_t step = queue->plan->queue_jobs / (queue->plan->queue_faults + 1);
    if (queue->faults == queue->plan->queue_faults || queue->stopped ||
        queue->ledger->count < queue->next_fault)
        return;
    queue->faults++;
    queue->next_fault = queue->faults * step + rng_below(&queue->work.rng, step + 1);
    strike(queue);
}

/* --- progress --- */

static bool fill(struct queue *queue)
{
    bool idle = true;
    for (int i = 0; i < QUEUE_CLIENTS; i++) {
        struct queue_client *client = &queue->clients[i];
        int fd = connection_is_open(&client->connection) ? -1 : queued_connect(&queue->daemon);
        if (fd >= 0)
            queue_client_open(client, &queue->work, fd);
        queue_client_fill(client);
        idle = idle && connection_is_open(&client->connection) && !client->open;
    }
    return idle;
}

static bool has_work(const struct queue *queue)
{
    const struct queue_work *work = &queue->work;
    return work->waits.count || work->again.count || work->cancels.count ||
           queue->ledger->count < queue->plan->queue_jobs ||
           queue->faults < queue->plan->queue_faults || queue->stopped;
}

/* Every job that has an id is asked for once more. */
static void settle(struct queue *queue)
{
    struct ledger *ledger = queue->ledger;
    queue->phase = QUEUE_SETTLING;
    queue->work.settling = true;
    for (uint32_t uid = 0; uid < ledger->count; uid++)
        if (ledger->jobs[uid].accepted)
            uid_line_add(&queue->work.waits, uid);
}

static void work_on(struct queue *queue)
{
    bool idle = fill(queue) && !has_work(queue) && queue->finishing;
    if (queue->phase == QUEUE_UP)
        strike_in_time(queue);
    if (!idle)
        return;
    if (queue->phase == QUEUE_UP) {
        settle(queue);
        return;
    }
    queue->phase = QUEUE_RESTING;
    drop_clients(queue);
}

void queue_step(struct queue *queue, uint64_t submitted)
{
    const struct plan *plan = queue->plan;
    uint64_t now = clock_now_us();
    uint64_t limit = submitted * plan->queue_jobs / plan->jobs;
    if (queue->phase == QUEUE_OFF)
        return;
    queue->work.limit = (size_t)(limit < plan->queue_jobs ? limit : plan->queue_jobs);
    if (queue->phase == QUEUE_STARTING && !connection_is_open(&queue->watch) &&
        now - queue->connect_us > CONNECT_US) {
        queue->connect_us = now;
        watch(queue);
    }
    if (is_working(queue))
        work_on(queue);
}

/* The master is to be alone from now on. */
static void leave(struct queue *queue)
{
    queue->phase = QUEUE_OFF;
    relay_hold(&queue->relay);
    relay_cut(&queue->relay);
}

bool queue_finish(struct queue *queue)
{
    uint64_t now = clock_now_us();
    if (!queue->finishing)
        queue->finish_us = now;
    queue->finishing = true;
    bool late = now - queue->finish_us > (uint64_t)FINISH_US * queue->scale;
    if (queue->phase == QUEUE_OFF || late)
        leave(queue);
    return queue->phase == QUEUE_OFF;
}

void queue_master_up(struct queue *queue, const struct sockaddr_in *addr)
{
    if (queue->phase != QUEUE_OFF)
        relay_open(&queue->relay, addr);
}

void queue_master_leaves(struct queue *queue)
{
    if (queue->phase != QUEUE_OFF)
        relay_hold(&queue->relay);
}

void queue_master_down(struct queue *queue)
{
    queue_master_leaves(queue);
    if (queue->phase != QUEUE_OFF)
        relay_cut(&queue->relay);
}

/* --- beginning and end --- */

void queue_init(struct queue *queue, struct loop *loop, const struct plan *plan,
                struct ledger *ledger, const char *dir, const char *build, uint32_t scale)
{
    *queue = (struct queue){.plan = plan, .loop = loop, .ledger = ledger, .scale = scale};
    *ledger = (struct ledger){.count = 0};
    if (!plan->queue_jobs)
        return;
    queue->work = (struct queue_work){
        .loop = loop, .ledger = ledger, .rng = rng_of(plan->seed, STREAM_QUEUE)};
    for (int i = 0; i < QUEUE_CLIENTS; i++)
        queue->clients[i].connection.watch.fd = -1;
    queue->watch.watch.fd = -1;
    queue->next = (struct loop_timer){.fire = ask, .arg = queue};
    queue->go_on = (struct loop_timer){.fire = on_go_on, .arg = queue};
    queued_init(&queue->daemon, loop, dir, build);
    queue->daemon.arg = queue;
    queue->daemon.down = on_down;
    relay_init(&queue->relay, loop, queue->daemon.wire);
    start(queue);
}

static void free_line(struct uid_line *line)
{
    free(line->uids);
}

void queue_free(struct queue *queue)
{
    if (!queue->plan->queue_jobs)
        return;
    queue->work.ends = true;
    loop_clear(&queue->next);
    loop_clear(&queue->go_on);
    connection_close(&queue->watch, false);
    drop_clients(queue);
    queued_free(&queue->daemon);
    relay_free(&queue->relay);
    free_line(&queue->work.waits);
    free_line(&queue->work.again);
    free_line(&queue->work.cancels);
}
