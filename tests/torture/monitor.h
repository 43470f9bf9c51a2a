/* monitor: one connection with a constant sequence of pings and requests for stats, and for the
 * list of workers on demand. */
#ifndef TORTURE_MONITOR_H
#define TORTURE_MONITOR_H

#include "connection.h"
#include "history.h"

enum monitor_state { MONITOR_STARTING, MONITOR_IDLE, MONITOR_BUSY, MONITOR_STOPPING };

enum { MONITOR_WORKERS_MAX = 64 };

struct monitor_worker {
    pid_t pid;
    uint32_t id;
    enum monitor_state state;
};

struct monitor {
    struct loop *loop;
    struct history *history;
    struct connection connection;
    struct loop_timer next;
    uint32_t number;
    pid_t master;
    bool expect_end;   /* the master is going away */
    bool want_workers; /* asked for with the next round */
    bool tainted;      /* the master was stopped after the ping was sent */
    bool pinging;
    uint64_t ping_us, ping_busy_us,
        ping_waited_us;   /* when the ping was sent, and the clocks at that time */
    struct sample sample; /* the latest; sent_us 0: none yet */
    struct monitor_worker workers[MONITOR_WORKERS_MAX];
    size_t worker_count;
    void *arg;
    void (*on_sample)(void *arg);
    void (*on_workers)(void *arg);
};

void monitor_init(struct monitor *monitor, struct loop *loop, struct history *history);
void monitor_open(struct monitor *monitor, const struct sockaddr_in *addr, pid_t master);

/* Closes the connection. An unanswered ping is recorded with its time so far. */
void monitor_close(struct monitor *monitor);

/* Requests the list of workers as soon as possible. */
void monitor_want_workers(struct monitor *monitor);

/* Sends a request of the operator: the text from the name of the operation on. The request and its
 * answer are recorded. `pool`: PLAN_POOLS for all. */
void monitor_request(struct monitor *monitor, enum ask ask, uint8_t pool, const char *text);

/* The master is stopped or goes on. */
void monitor_stopped(struct monitor *monitor);

#endif
