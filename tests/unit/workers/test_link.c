/*
 * test_link: worker_link with a real worker process, in a loop that turns only when the test says
 * so: what crosses on the way between master and worker crosses here every time.
 */
#include "workers/operations.h"
#include "workers/port.h"
#include "workers/workers.h"

#include "base/clock.h"
#include "common/wire.h"
#include "jobs/module_table.h"
#include "settings.h"
#include "tests/unit/support.h"

#include <taskmaster/version.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEADLINE_MS = 20000 };

static struct event_base *base;
static struct timers timers;
static struct payload_budget budget = {.max = UINT64_MAX}, output = {.max = UINT64_MAX};
static struct conn_loop loop;
static struct dispatcher d;
static struct module_table modules;
static struct log_limits log_limits;
static struct workers workers;
static struct config *config;
static struct job_source source;
static bool job_ended;
static struct job_event last; /* its pointers are good no more */
static int listen_fd, worker_fd, log_fd, life_pipe[2];

/* --- the world --- */

static const char *logged(void)
{
    static char text[65536];
    ssize_t len = pread(log_fd, text, sizeof text - 1, 0);
    ck_assert_int_ge(len, 0);
    text[len] = '\0';
    return text;
}

static void on_job_event(struct job_source *from, struct job *job, const struct job_event *event)
{
    (void)from, (void)job;
    job_ended = event->type >= JOB_DONE;
    last = *event;
}

static void on_job_left(struct job_source *from, struct job *job)
{
    (void)from, (void)job;
}

static void turn(void)
{
    event_base_loop(base, EVLOOP_NONBLOCK);
    timers_turn(&timers, clock_us());
    timers_run(&timers);
    conn_loop_chores(&loop);
}

/* The worker's page and pipe go to fixed numbers: ours are to be above them. */
static void fill_low_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd < 9);
    ck_assert_int_ge(fd, 0);
}

static void listen_for_workers(void)
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

static struct config *load_config(void)
{
    static char worker[4096 + 32], module_dir[4096 + 32];
    char *overrides[] = {worker, module_dir, "pool-start=1", "pool-max=1"};
    struct config_args args = {.program = "taskmasterd", .overrides = overrides};
    char error[512], *build = realpath(getenv("BUILD") ? getenv("BUILD") : "build", NULL);
    ck_assert_ptr_nonnull(build);
    snprintf(worker, sizeof worker, "worker-path=%.4096s/taskmaster-worker", build);
    snprintf(module_dir, sizeof module_dir, "module-dir=%.4096s/modules", build);
    free(build);
    args.override_count = SUPPORT_COUNT(overrides);
    struct config *loaded = config_load(&settings_schema, &args, error, sizeof error);
    ck_assert_msg(loaded != NULL, "%s", error);
    return loaded;
}

static void await_input(int fd)
{
    struct pollfd input = {.fd = fd, .events = POLLIN};
    ck_assert_msg(poll(&input, 1, DEADLINE_MS) == 1, "%s", logged());
}

/* Until the one worker is idle. */
static void await_ready(void)
{
    struct sockaddr addr = {.sa_family = AF_INET};
    await_input(listen_fd);
    worker_fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    ck_assert_int_ge(worker_fd, 0);
    worker_port_accept(&workers, worker_fd, &addr, sizeof addr);
    turn();
    while (!d.pool.counts[WORKER_IDLE]) {
        await_input(worker_fd);
        turn();
    }
}

static void open_world(void)
{
    fill_low_descriptors();
    log_fd = memfd_create("log", MFD_CLOEXEC);
    ck_assert_int_eq(dup2(log_fd, STDERR_FILENO), STDERR_FILENO);
    log_configure(LOG_INFO, LOG_TEXT);
    config = load_config();
    base = event_base_new();
    timers_init(&timers, clock_us());
    conn_loop_init(&loop, base, &timers, &budget, &output);
    loop.turn_us = UINT32_MAX; /* each event is heeded when it comes */
    module_table_init(&modules, &settings_of(config)->modules);
    struct dispatcher_limits limits = {.pool_start = 1,
                                       .pool_max = 1,
                                       .start_timeout_ms = DEADLINE_MS,
                                       .kill_grace_ms = DEADLINE_MS,
                                       .worker_window = 1};
    dispatcher_init(&d, &worker_operations, &workers, &timers, &limits, 1);
    workers = (struct workers){
        .dispatcher = &d, .loop = &loop, .log_limits = &log_limits, .boot = "boot"};
    log_limits_init(&log_limits, &timers);
    workers_init(&workers);
    workers.env.environ = worker_process_environ();
    ck_assert_int_eq(pipe2(life_pipe, O_CLOEXEC), 0);
    workers.env.life_fd = life_pipe[0];
    workers.env.nofile_soft = 1024;
    workers_configure(&workers, &settings_of(config)->workers, &settings_of(config)->modules,
                      settings_of(config)->log.level);
    listen_for_workers();
    source = (struct job_source){.name = "test", .event = on_job_event, .left = on_job_left};
    LIST_INIT(&source.jobs);
    dispatcher_start(&d);
    await_ready();
}

/* Its worker is left as it has ended, and not reaped. */
static void await_death(void)
{
    siginfo_t info;
    ck_assert_int_eq(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
}

static void close_world(void)
{
    if (pool_count(&d.pool)) { /* else it was reaped when its socket ended */
        await_death();
        workers_reap(&workers);
    }
    turn();
    ck_assert(dispatcher_is_drained(&d));
    dispatcher_free(&d);
    workers_free(&workers);
    log_limits_end(&log_limits);
    module_table_free(&modules);
    conn_loop_free(&loop);
    ck_assert_uint_eq(timers.set.count, 0);
    timers_free(&timers);
    event_base_free(base);
    config_free(config);
    ck_assert_uint_eq(budget.held, 0);
    ck_assert_uint_eq(output.held, 0);
    close(listen_fd);
}

/* An echo whose answer is in our socket, and that is as far as it has come. */
static void answer_on_the_way(size_t size)
{
    struct job *job = job_new("1", 1, NULL, 0);
    char *words = calloc(1, size);
    int pending = 0;
    job->asked.module = module_table_find(&modules, "echo", 4, timers.now_us);
    job->asked.payload_max = (uint32_t)size;
    ck_assert_ptr_nonnull(job->asked.module);
    job->asked.payload = payload_from(&budget, words, size);
    free(words);
    job_set_source(job, &source);
    dispatcher_submit(&d, job);
    conn_loop_chores(&loop);
    while (pending <= 0) {
        await_input(worker_fd);
        ck_assert_int_eq(ioctl(worker_fd, FIONREAD, &pending), 0);
    }
}

/* --- tests --- */

/* The answer is read, but its job has been ended meanwhile: the worker has done nothing wrong.
 * Whether it is read in the loop's turn, or as the last words of one that is dead. */
START_TEST(test_an_answer_crosses_an_abort)
{
    open_world();
    answer_on_the_way(_i & 1 ? 10 : 100000);
    dispatcher_drain(&d);
    dispatcher_abort(&d);
    ck_assert(job_ended && last.type == JOB_FAILED && last.fail == FAIL_SHUTDOWN);
    if (_i & 2)
        turn();
    close_world();
    ck_assert_msg(!strstr(logged(), " error "), "%s", logged());
    ck_assert_ptr_nonnull(strstr(logged(), "SIGKILL"));
}
END_TEST

/* ... and if the job has not been ended yet, its answer is its end. */
START_TEST(test_an_answer_crosses_a_kill)
{
    open_world();
    answer_on_the_way(_i & 1 ? 10 : 100000);
    dispatcher_drain(&d);
    dispatcher_cancel(&d, dispatcher_find(&d, 1), true);
    ck_assert(!job_ended);
    if (_i & 2)
        turn();
    close_world();
    ck_assert(job_ended);
    ck_assert(last.type == JOB_DONE || !(_i & 1)); /* half a large one is none */
    ck_assert_msg(!strstr(logged(), " error "), "%s", logged());
}
END_TEST

/* A thousand may die in the same moment: each turn reaps some, without being told again. */
START_TEST(test_many_deaths)
{
    pid_t pids[100];
    size_t left = SUPPORT_COUNT(pids), turns = 0;
    open_world();
    for (size_t i = 0; i < SUPPORT_COUNT(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            _exit(0);
        siginfo_t info;
        ck_assert_int_eq(waitid(P_PID, (id_t)pids[i], &info, WEXITED | WNOWAIT), 0);
    }
    for (workers_reap(&workers); left; turns++) {
        size_t before = left;
        left = 0;
        for (size_t i = 0; i < SUPPORT_COUNT(pids); i++)
            left += kill(pids[i], 0) == 0;
        ck_assert_uint_lt(left, before);
        if (turns == 0)
            ck_assert_uint_gt(left, SUPPORT_COUNT(pids) / 2);
        turn();
    }
    ck_assert_uint_gt(turns, 2);
    dispatcher_drain(&d);
    close_world();
}
END_TEST

/* --- strangers --- */

enum { CROWD = 300 }; /* more than there may be at a time */

/* Comes to the worker port, having sent so much of `hello`. Returns the stranger's end. */
static int come(const char *hello, size_t len)
{
    const struct sockaddr addr = {.sa_family = AF_INET};
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    ck_assert_int_eq(write(pair[0], hello, len), (ssize_t)len);
    worker_port_accept(&workers, pair[1], &addr, sizeof addr);
    return pair[0];
}

static bool is_closed(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_PEEK);
    ck_assert_int_le(n, 0); /* nothing is said to strangers */
    return n == 0 || errno != EAGAIN;
}

static void forge_hello(char hello[sizeof(struct wire_head) + sizeof(struct wire_hello)])
{
    const struct wire_hello body = {.worker = 1};
    struct wire_head head = {.magic = WIRE_MAGIC, .type = WIRE_HELLO, .size = sizeof body};
    snprintf(head.name, sizeof head.name, "%s", TASKMASTER_VERSION);
    memcpy(hello, &head, sizeof head);
    memcpy(hello + sizeof head, &body, sizeof body);
}

/* Who says nothing goes before who has begun its hello, wherever that was cut; and one that is to
 * go is heard before: it may have spoken behind the last look. */
START_TEST(test_the_silent_ones_go_first)
{
    char hello[sizeof(struct wire_head) + sizeof(struct wire_hello)];
    int silent[CROWD];
    forge_hello(hello);
    open_world();
    int half = come(hello, sizeof(struct wire_head) / 2);
    int nearly = come(hello, sizeof hello - 1);
    int late = come(hello, 0);
    ck_assert_int_eq(write(late, hello, 1), 1);
    int later = come(hello, 0);
    ck_assert_int_eq(write(later, hello, sizeof hello), sizeof hello);
    for (int i = 0; i < CROWD; i++)
        silent[i] = come(hello, 0);
    ck_assert(!is_closed(half) && !is_closed(nearly) && !is_closed(late));
    ck_assert(is_closed(later) && is_closed(silent[0]) && is_closed(silent[CROWD / 2 - 1]));
    ck_assert(!is_closed(silent[CROWD - 1]) && !is_closed(silent[CROWD / 2 + 50]));
    ck_assert_ptr_nonnull(strstr(logged(), "its token is not valid")); /* it was later's */
    ck_assert_uint_le(workers.unauthenticated.count, 128);
    worker_port_close(&workers);
    ck_assert_uint_eq(workers.unauthenticated.count, 0);
    ck_assert(is_closed(half) && is_closed(nearly) && is_closed(late) && is_closed(silent[299]));
    dispatcher_drain(&d);
    close_world();
}
END_TEST

/* Its end and its hello are seen at accept, so that neither takes a place. */
START_TEST(test_who_has_spoken_takes_no_place)
{
    char hello[sizeof(struct wire_head) + sizeof(struct wire_hello)];
    forge_hello(hello);
    open_world();
    int first = come(hello, 0);
    for (int i = 0; i < CROWD; i++)
        close(come(hello, sizeof hello));
    ck_assert_uint_eq(workers.unauthenticated.count, 1);
    ck_assert(!is_closed(first));
    worker_port_close(&workers);
    dispatcher_drain(&d);
    close_world();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("link");
    TCase *tc = tcase_create("crossing");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_an_answer_crosses_an_abort, 0, 4);
    tcase_add_loop_test(tc, test_an_answer_crosses_a_kill, 0, 4);
    tcase_add_test(tc, test_many_deaths);
    suite_add_tcase(suite, tc);
    tc = tcase_create("strangers");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_the_silent_ones_go_first);
    tcase_add_test(tc, test_who_has_spoken_takes_no_place);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
