/* monitor: see monitor.h. */
#include "monitor.h"

#include "die.h"
#include "proc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INTERVAL_US = 15000,
    HANG_US = 500000,
    OWN_BYTES = 16 * 1024, /* room for our own answers, in the server's output */
};

static uint64_t uint_at(json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

/* --- asking --- */

static void ask(void *arg)
{
    struct monitor *monitor = arg;
    static const char basic[] = "{\"op\":\"ping\"}\n{\"op\":\"stats\"}\n";
    static const char workers[] = "{\"op\":\"workers\"}\n";
    if (!connection_is_open(&monitor->connection) || monitor->pinging)
        return;
    monitor->pinging = true;
    monitor->tainted = false;
    monitor->ping_busy_us = monitor->loop->busy_us;
    monitor->ping_waited_us = proc_cpu(monitor->master).waited_us;
    monitor->ping_us = clock_now_us();
    monitor->sample.sent_us = monitor->ping_us;
    connection_write(&monitor->connection, basic, sizeof basic - 1);
    if (monitor->want_workers)
        connection_write(&monitor->connection, workers, sizeof workers - 1);
    connection_flush(&monitor->connection);
}

void monitor_want_workers(struct monitor *monitor)
{
    if (monitor->want_workers)
        return;
    monitor->want_workers = true;
    if (!monitor->pinging)
        loop_set(monitor->loop, &monitor->next, 0);
}

void monitor_stopped(struct monitor *monitor)
{
    monitor->tainted = true;
    history_add(monitor->history, EV_STOPPED);
}

static void note_ping(struct monitor *monitor)
{
    if (!monitor->pinging || monitor->tainted)
        return;
    uint64_t took = clock_now_us() - monitor->ping_us;
    uint64_t busy = monitor->loop->busy_us - monitor->ping_busy_us;
    struct event *event = history_add_conn(monitor->history, EV_PING, monitor->number, NO_JOB);
    event->a = took > busy ? took - busy : 0;
    if (event->a > HANG_US)
        event->b = proc_cpu(monitor->master).waited_us - monitor->ping_waited_us;
}

/* --- answers --- */

static uint64_t sum_of(json_t *object)
{
    uint64_t sum = 0;
    const char *key;
    json_t *value;
    json_object_foreach (object, key, value)
        sum += (uint64_t)json_integer_value(value);
    return sum;
}

static void take_pool(struct pool_sample *sample, json_t *object)
{
    json_t *pool = json_object_get(object, "pool");
    *sample = (struct pool_sample){
        .starting = uint_at(pool, "starting"),
        .idle = uint_at(pool, "idle"),
        .busy = uint_at(pool, "busy"),
        .stopping = uint_at(pool, "stopping"),
        .dead = uint_at(pool, "dead"),
        .waiting = uint_at(json_object_get(object, "queue"), "waiting"),
        .paused = json_is_true(json_object_get(object, "paused")),
        .removed = json_is_true(json_object_get(object, "removed")),
    };
}

static void take_pools(struct sample *sample, json_t *pools)
{
    for (int i = 0; i < PLAN_POOLS; i++)
        take_pool(&sample->pools[i], json_object_get(pools, plan_pool_names[i]));
}

static void take_stats(struct monitor *monitor, json_t *stats)
{
    json_t *pool = json_object_get(stats, "pool"), *queue = json_object_get(stats, "queue");
    json_t *jobs = json_object_get(stats, "jobs"), *clients = json_object_get(stats, "clients");
    json_t *output = json_object_get(stats, "output");
    uint64_t unread = uint_at(output, "bytes");
    monitor->sample = (struct sample){
        .submitted = uint_at(jobs, "submitted"),
        .done = uint_at(jobs, "done"),
        .failed = sum_of(json_object_get(jobs, "failed")),
        .overload = sum_of(json_object_get(jobs, "overload")),
        .dropped = uint_at(jobs, "dropped"),
        .orphaned = uint_at(jobs, "orphaned"),
        .running = uint_at(jobs, "running"),
        .pool_max = uint_at(pool, "max"),
        .job_max = uint_at(queue, "max"),
        .forks = uint_at(pool, "forks"),
        .exits = uint_at(pool, "exits"),
        .ends = sum_of(json_object_get(pool, "ends")),
        .bytes = uint_at(queue, "bytes") + (unread > OWN_BYTES ? unread - OWN_BYTES : 0),
        .connected = uint_at(clients, "connected"),
        .children = proc_children(monitor->master, NULL, 0),
        .sent_us = monitor->sample.sent_us,
    };
    take_pool(&monitor->sample.all, stats);
    take_pools(&monitor->sample, json_object_get(stats, "pools"));
    history_add_sample(monitor->history, &monitor->sample);
    monitor->on_sample(monitor->arg);
}

static enum monitor_state state_of(const char *name)
{
    static const char *const names[] = {"starting", "idle", "busy"};
    for (int i = 0; i < MONITOR_STOPPING; i++)
        if (strcmp(names[i], name) == 0)
            return (enum monitor_state)i;
    return MONITOR_STOPPING;
}

static void take_workers(struct monitor *monitor, json_t *list)
{
    size_t i;
    json_t *worker;
    monitor->worker_count = 0;
    json_array_foreach (list, i, worker) {
        if (monitor->worker_count == MONITOR_WORKERS_MAX)
            break;
        monitor->workers[monitor->worker_count++] = (struct monitor_worker){
            .pid = (pid_t)uint_at(worker, "pid"),
            .id = (uint32_t)uint_at(worker, "id"),
            .state = state_of(json_string_value(json_object_get(worker, "state"))),
        };
    }
    monitor->want_workers = false;
    monitor->on_workers(monitor->arg);
}

void monitor_request(struct monitor *monitor, enum ask ask, uint8_t pool, const char *text)
{
    char line[256];
    if (!connection_is_open(&monitor->connection))
        return;
    struct event *event = history_add_conn(monitor->history, EV_REQUEST, monitor->number, NO_JOB);
    event->a = ++monitor->history->requests;
    event->b = pool;
    event->code = (uint8_t)ask;
    int n = snprintf(line, sizeof line, "{\"op\":%s,\"id\":\"r%" PRIu64 "\"}\n", text, event->a);
    connection_write(&monitor->connection, line, (size_t)n);
    connection_flush(&monitor->connection);
}

static enum reply reply_of(const char *code)
{
    if (!code)
        return REPLY_OK;
    if (strcmp(code, "unknown-pool") == 0)
        return REPLY_NO_POOL;
    bool fine = strcmp(code, "unknown-worker") == 0 || strcmp(code, "bad-config") == 0;
    return fine ? REPLY_IN_VAIN : REPLY_ERROR;
}

/* False if the message is no answer to the operator. */
static bool take_reply(struct monitor *monitor, json_t *header)
{
    const char *id = json_string_value(json_object_get(header, "id"));
    if (!id || id[0] != 'r')
        return false;
    struct event *event = history_add_conn(monitor->history, EV_REPLY, monitor->number, NO_JOB);
    event->a = strtoull(id + 1, NULL, 10);
    event->code = (uint8_t)reply_of(json_string_value(json_object_get(header, "code")));
    return true;
}

static void on_message(void *arg, json_t *header, const char *payload, size_t size)
{
    struct monitor *monitor = arg;
    const char *event = json_string_value(json_object_get(header, "event"));
    json_t *body = size ? json_loadb(payload, size, 0, NULL) : NULL;
    if (take_reply(monitor, header)) {
        ;
    } else if (event && strcmp(event, "hello") == 0) {
        ask(monitor);
    } else if (event && strcmp(event, "pong") == 0) {
        note_ping(monitor);
        monitor->pinging = false;
    } else if (event && strcmp(event, "stats") == 0 && body) {
        loop_set(monitor->loop, &monitor->next, monitor->want_workers ? 0 : INTERVAL_US);
        take_stats(monitor, body); /* the round may want silence from now on */
    } else if (event && strcmp(event, "workers") == 0 && body) {
        take_workers(monitor, body);
    } else if (!event || strcmp(event, "draining") != 0) {
        history_add_conn(monitor->history, EV_BROKEN, monitor->number, NO_JOB)->a = BROKEN_FRAMING;
    }
    json_decref(body);
}

static void on_end(void *arg, int error)
{
    struct monitor *monitor = arg;
    (void)error;
    loop_clear(&monitor->next);
    monitor->pinging = false;
    if (monitor->expect_end)
        return;
    history_add_conn(monitor->history, EV_CONN_END, monitor->number, NO_JOB)->code = END_LOST;
}

static void on_broken(void *arg)
{
    struct monitor *monitor = arg;
    history_add_conn(monitor->history, EV_BROKEN, monitor->number, NO_JOB)->a = BROKEN_FRAMING;
    on_end(arg, 0);
}

static const struct connection_ops ops = {
    .message = on_message, .broken = on_broken, .end = on_end};

/* --- beginning and end --- */

void monitor_init(struct monitor *monitor, struct loop *loop, struct history *history)
{
    *monitor = (struct monitor){.loop = loop, .history = history};
    monitor->next = (struct loop_timer){.fire = ask, .arg = monitor};
    monitor->connection.watch.fd = -1;
}

void monitor_open(struct monitor *monitor, const struct sockaddr_in *addr, pid_t master)
{
    static const char hello[] = "{\"op\":\"hello\",\"protocol\":1,\"client\":\"monitor\"}\n";
    int fd = connection_socket(addr);
    if (fd < 0)
        die("the monitor cannot connect");
    monitor->number = ++monitor->history->last_conn;
    monitor->master = master;
    monitor->expect_end = monitor->pinging = monitor->want_workers = false;
    monitor->sample = (struct sample){.sent_us = 0};
    connection_open(&monitor->connection, monitor->loop, fd, &ops, monitor);
    connection_write(&monitor->connection, hello, sizeof hello - 1);
}

void monitor_close(struct monitor *monitor)
{
    if (connection_is_open(&monitor->connection))
        note_ping(monitor);
    loop_clear(&monitor->next);
    connection_close(&monitor->connection, false);
}
