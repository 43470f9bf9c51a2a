/*
 * workers_world: one worker, its master's side, and a loop that turns only at the test's word: so
 * everything that can cross on the way between the two crosses in each run.
 *
 * The worker is a real one, or a process that sleeps: then the test itself speaks for the worker.
 */
#ifndef TASKMASTER_TESTS_UNIT_WORKERS_WORLD_H
#define TASKMASTER_TESTS_UNIT_WORKERS_WORLD_H

#include "base/clock.h"
#include "common/wire.h"
#include "jobs/module_table.h"
#include "tests/unit/support.h"
#include "workers/operations.h"
#include "workers/port.h"
#include "workers/workers.h"

#include <taskmaster/version.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEADLINE_MS = 20000 };

enum world_worker { REAL_WORKER, SLEEPING_WORKER };

static struct event_base *base;
static struct timers timers;
static struct payload_budget budget = {.max = UINT64_MAX}, output = {.max = UINT64_MAX};
static struct conn_loop loop;
static struct pools pools;
static struct module_settings module_settings;
static struct module_table modules;
static struct log_limits log_limits;
static struct workers workers;
static struct job_source source;
static bool job_ended;
static size_t jobs_ended;
static uint64_t last_seq;     /* of the job of the last event */
static struct job_event last; /* its pointers are valid in the call only */
static int listen_fd, worker_fd, log_fd, life_pipe[2];
static char sleeping_program[] = "/tmp/workers_world.XXXXXX";

/* --- the log, and time --- */

static inline const char *logged(void)
{
    static char text[65536];
    ssize_t len = pread(log_fd, text, sizeof text - 1, 0);
    ck_assert_int_ge(len, 0);
    text[len] = '\0';
    return text;
}

static inline void assert_logged(const char *words)
{
    ck_assert_msg(strstr(logged(), words) != NULL, "not logged: %s\n%s", words, logged());
}

static inline void assert_not_logged(const char *words)
{
    ck_assert_msg(!strstr(logged(), words), "logged: %s\n%s", words, logged());
}

static inline void turn(void)
{
    event_base_loop(base, EVLOOP_NONBLOCK);
    timers_turn(&timers, clock_us());
    timers_run(&timers);
    conn_loop_chores(&loop);
}

static inline void await_input(int fd)
{
    struct pollfd input = {.fd = fd, .events = POLLIN};
    ck_assert_msg(poll(&input, 1, DEADLINE_MS) == 1, "%s", logged());
}

/* Waits for the end of a child, and leaves it unreaped. */
static inline void await_death(void)
{
    siginfo_t info;
    ck_assert_int_eq(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
}

/* --- the worker --- */

static inline struct worker_link *the_link(void)
{
    return TAILQ_FIRST(&workers.links);
}

/* A new connection on the worker port. Returns the other end. */
static inline int connect_to_port(void)
{
    const struct sockaddr addr = {.sa_family = AF_INET};
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    worker_port_accept(&workers, pair[1], &addr, sizeof addr);
    return pair[0];
}

static inline void send_message(int fd, struct wire_head *head, const void *payload)
{
    head->magic = WIRE_MAGIC;
    ck_assert_int_eq(write(fd, head, sizeof *head), sizeof *head);
    ck_assert_int_eq(write(fd, payload, head->size), (ssize_t)head->size);
}

static inline void send_hello(int fd, const char *release, uint32_t worker,
                              const uint8_t token[TOKEN_BYTES])
{
    struct wire_hello hello = {.worker = worker};
    struct wire_head head = {.type = WIRE_HELLO, .size = sizeof hello};
    snprintf(head.name, sizeof head.name, "%s", release);
    memcpy(hello.token, token, sizeof hello.token);
    send_message(fd, &head, &hello);
}

static inline void send_ready(int fd)
{
    struct wire_head head = {.type = WIRE_READY};
    send_message(fd, &head, "");
}

/* Speaks for a sleeping worker: connects, and becomes idle. Returns the worker's socket. */
static inline int become_idle(void)
{
    int fd = connect_to_port();
    send_hello(fd, TASKMASTER_VERSION, the_link()->worker->id, the_link()->token);
    send_ready(fd);
    turn();
    ck_assert_uint_eq(pools.first->pool.counts[WORKER_IDLE], 1);
    return fd;
}

/* --- jobs --- */

static inline void on_job_event(struct job_source *from, struct job *job,
                                const struct job_event *event)
{
    (void)from;
    job_ended = event->type >= JOB_DONE;
    jobs_ended += job_ended;
    last_seq = job->seq;
    last = *event;
}

static inline void on_job_left(struct job_source *from, struct job *job)
{
    (void)from, (void)job;
}

/* Submits an echo of so many bytes, and sends it to the worker. Returns the job. */
static inline struct job *submit_echo(size_t size)
{
    struct job *job = job_new("1", 1, NULL, 0);
    char *words = calloc(1, size);
    job->asked.module = module_table_find(&modules, "echo", 4, timers.now_us);
    job->asked.payload_max = (uint32_t)size;
    ck_assert_ptr_nonnull(job->asked.module);
    job->asked.payload = payload_from(&budget, words, size);
    free(words);
    job_set_source(job, &source);
    pools_submit(&pools, job);
    conn_loop_chores(&loop);
    return job;
}

/* --- beginning and end --- */

/* The worker's page and pipe get fixed numbers: ours must be above them. */
static inline void fill_low_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd < 9);
    ck_assert_int_ge(fd, 0);
}

static inline void listen_for_workers(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof addr;
    listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listen_fd, (struct sockaddr *)&addr, len), 0);
    ck_assert_int_eq(listen(listen_fd, 4), 0);
    ck_assert_int_eq(getsockname(listen_fd, (struct sockaddr *)&addr, &len), 0);
    memcpy(&workers.env.addr, &addr, len);
    workers.env.addr_len = len;
}

/* A script, as argv is fixed. */
static inline void write_sleeping_program(void)
{
    static const char script[] = "#!/bin/sh\nexec sleep 1000\n";
    int fd = mkstemp(sleeping_program);
    ck_assert_int_eq(write(fd, script, sizeof script - 1), sizeof script - 1);
    ck_assert_int_eq(fchmod(fd, 0700), 0);
    close(fd);
}

static inline void configure_workers(enum world_worker worker)
{
    static char path[PATH_MAX + 32], module_dir[PATH_MAX + 32];
    char *build = realpath(getenv("BUILD") ? getenv("BUILD") : "build", NULL);
    ck_assert_ptr_nonnull(build);
    snprintf(path, sizeof path, "%s/taskmaster-worker", build);
    snprintf(module_dir, sizeof module_dir, "%s/modules", build);
    free(build);
    if (worker == SLEEPING_WORKER) {
        write_sleeping_program();
        snprintf(path, sizeof path, "%s", sleeping_program);
    }
    struct workers_settings settings = {.path = path};
    module_settings = (struct module_settings){.dir = module_dir};
    module_table_init(&modules, &module_settings);
    workers_configure(&workers, &settings, &module_settings, &(struct job_settings){0});
}

/* Waits until the real worker is idle. */
static inline void await_ready(void)
{
    struct sockaddr addr = {.sa_family = AF_INET};
    await_input(listen_fd);
    worker_fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    ck_assert_int_ge(worker_fd, 0);
    worker_port_accept(&workers, worker_fd, &addr, sizeof addr);
    turn();
    while (!pools.first->pool.counts[WORKER_IDLE]) {
        await_input(worker_fd);
        turn();
    }
}

static inline void open_workers(enum world_worker worker)
{
    workers =
        (struct workers){.pools = &pools, .loop = &loop, .log_limits = &log_limits, .boot = "boot"};
    log_limits_init(&log_limits, &timers);
    workers_init(&workers);
    workers.env.environ = worker_process_environ();
    ck_assert_int_eq(pipe2(life_pipe, O_CLOEXEC), 0);
    workers.env.life_fd = life_pipe[0];
    workers.env.nofile_soft = 1024;
    configure_workers(worker);
    listen_for_workers();
}

/* A sleeping worker is started, and not connected. */
static inline void open_world(enum world_worker worker)
{
    const struct job_settings limits = {.pool.pool_start = 1,
                                        .pool.pool_max = 1,
                                        .start_timeout_ms = DEADLINE_MS,
                                        .kill_grace_ms = DEADLINE_MS,
                                        .pool.worker_window = 1};
    fill_low_descriptors();
    log_fd = memfd_create("log", MFD_CLOEXEC);
    ck_assert_int_eq(dup2(log_fd, STDERR_FILENO), STDERR_FILENO);
    log_configure(LOG_INFO, LOG_TEXT);
    base = event_base_new();
    timers_init(&timers, clock_us());
    conn_loop_init(&loop, base, &timers, &budget, &output);
    loop.turn_us = UINT32_MAX; /* each event is heeded when it comes */
    pools_init(&pools, &worker_operations, &workers, &timers, &limits, 1);
    open_workers(worker);
    source = (struct job_source){.name = "test", .event = on_job_event, .left = on_job_left};
    LIST_INIT(&source.jobs);
    pools_start(&pools);
    if (worker == REAL_WORKER)
        await_ready();
    else
        turn();
}

/* The worker has been told to end, and nothing may be left of it. */
static inline void close_world(void)
{
    if (pool_count(&pools.first->pool)) { /* otherwise it was reaped at the end of its socket */
        await_death();
        workers_reap(&workers);
    }
    turn();
    ck_assert(pools_are_drained(&pools));
    pools_free(&pools);
    workers_free(&workers);
    log_limits_end(&log_limits);
    module_table_free(&modules);
    conn_loop_free(&loop);
    ck_assert_uint_eq(timers.set.count, 0);
    timers_free(&timers);
    event_base_free(base);
    ck_assert_uint_eq(budget.held, 0);
    ck_assert_uint_eq(output.held, 0);
    close(listen_fd);
    unlink(sleeping_program); /* if there is one */
}

#endif
