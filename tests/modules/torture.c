/*
 * torture: the module of tests/torture/. It writes the start and the finish of every job to the
 * side file, answers with the hash of the payload, and misbehaves on command.
 *
 * Settings: {"side": "/path/of/the/file"}. The payload: tests/torture/pattern.h. Commands, with A
 * and B:
 *
 *     hash                answer
 *     sleep               sleep for A ms, blind to the stop flag, then answer
 *     big                 answer with A bytes more
 *     stream              send A bytes in parts of B bytes, then answer
 *     stream-die          the same; SIGKILL ends the process a little later
 *     progress            report progress A times, B microseconds apart, then answer
 *     progress-die        the same; SIGKILL instead of the answer
 *     stop-fail           wait for the stop flag, then fail
 *     stop-done           wait for the stop flag, then answer
 *     too-large           answer with more than A bytes; A is payload-max
 *     die-sending         answer with A bytes more; SIGKILL ends the process B microseconds later
 *     signal, exit, quick-exit  end by signal A, exit(A), _exit(A)
 *     loop                endless; ends by SIGTERM
 *     loop-term           the same, and ignores SIGTERM
 *     flood               print A bytes, then answer
 *     fail, fail-silent   report a failure; return -1 without a word
 *     close-fds           answer, and close descriptors 0 to 100
 *     mask                leave every signal blocked, and answer
 *     fork-hold           leave a child behind that holds every descriptor, and end by SIGKILL
 *
 * torture_second.c, torture_third.c and torture_frail.c are the same module under other names, for
 * other pools, torture_queued.c for the jobs of taskqueued. torture_moody.c is, too, but its init()
 * refuses in some workers.
 */
#include "../torture/pattern.h"

#include <taskmaster/module.h>

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#ifndef TORTURE_NAME
#define TORTURE_NAME "torture"
#endif
#ifndef REFUSE_PERCENT
#define REFUSE_PERCENT 0 /* of the workers */
#endif

enum { SIDE_FD = 200, REPLY_PIECE = 8192, HOLD_S = 60, STREAM_DIES_US = 20000 };

struct order {
    uint64_t uid, hash;
    uint64_t a, b;
    uint32_t attempt;
    char command[32];
};

static int side = -1;

/* The harness takes descriptors from the master for a while; workers started then inherit the
 * limit. */
static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void write_down(struct side_record record)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    record.t_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    record.pid = (uint32_t)getpid();
    if (write(side, &record, sizeof(record)) != (ssize_t)sizeof(record))
        abort();
}

/* Decided by the process id: the same process would decide the same again. */
static int refuse(const tm_host *host)
{
    write_down((struct side_record){.kind = SIDE_REFUSAL});
    close(side);
    return tm_host_fail(host, "not in process %d", (int)getpid());
}

static int init(const tm_host *host, const char *config)
{
    char path[512];
    const char *key = strstr(config, "\"side\":\"");

    if (key == NULL || sscanf(key + strlen("\"side\":\""), "%511[^\"]", path) != 1)
        return tm_host_fail(host, "the settings name no side file");
    raise_file_limit();
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    side = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, SIDE_FD);
    close(fd);
    if (side < 0)
        return tm_host_fail(host, "cannot open %s", path);
    return (int)(pattern_mix((uint64_t)getpid()) % 100) < REFUSE_PERCENT ? refuse(host) : 0;
}

static void note(const struct order *order, enum side_kind kind)
{
    write_down((struct side_record){
        .uid = order->uid,
        .hash = kind == SIDE_FINISH ? order->hash : order->attempt,
        .kind = (uint32_t)kind,
    });
}

static void pause_us(uint64_t us)
{
    nanosleep(&(struct timespec){.tv_sec = (time_t)(us / 1000000),
                                 .tv_nsec = (long)(us % 1000000) * 1000},
              NULL);
}

/* Writes the finish and replies with the hash and `more` bytes. */
static int answer(tm_job *job, const struct order *order, uint64_t more)
{
    char digits[PATTERN_HASH_DIGITS + 1];

    snprintf(digits, sizeof(digits), "%016" PRIx64, order->hash);
    if (tm_reply(job, digits, PATTERN_HASH_DIGITS) < 0)
        return -1;
    char *filler = malloc(more + 1);
    if (filler == NULL)
        return tm_fail(job, "no-memory", "no memory");
    pattern_fill(filler, more, order->hash);
    int status = 0;
    for (uint64_t at = 0; at < more && status == 0; at += REPLY_PIECE) {
        size_t len = more - at < REPLY_PIECE ? (size_t)(more - at) : (size_t)REPLY_PIECE;
        status = tm_reply(job, filler + at, len);
    }
    free(filler);
    if (status == 0)
        note(order, SIDE_FINISH);
    return status;
}

static int do_hash(tm_job *job, const struct order *order)
{
    return answer(job, order, 0);
}

static int do_sleep(tm_job *job, const struct order *order)
{
    pause_us(order->a * 1000);
    return answer(job, order, 0);
}

static int do_big(tm_job *job, const struct order *order)
{
    return answer(job, order, order->a);
}

static void wait_for_stop(const tm_job *job)
{
    while (!tm_should_stop(job))
        pause_us(500);
}

static int do_stop_fail(tm_job *job, const struct order *order)
{
    (void)order;
    wait_for_stop(job);
    return tm_fail(job, "stopped", "saw the stop flag");
}

static int do_stop_done(tm_job *job, const struct order *order)
{
    wait_for_stop(job);
    return answer(job, order, 0);
}

/* The timer fires anywhere in the worker's code: most often in the middle of sending. */
static void die_in(uint64_t us)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
    struct itimerspec when = {.it_value = {.tv_nsec = (long)(us % 1000000) * 1000 + 1}};

    if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0 ||
        timer_settime(timer, 0, &when, NULL) < 0)
        abort();
}

static int do_die_sending(tm_job *job, const struct order *order)
{
    int status = answer(job, order, order->a);
    die_in(order->b);
    return status;
}

/* No part is sent any more once the job is to stop, or its client is gone. */
static int do_stream(tm_job *job, const struct order *order)
{
    int status = 0;
    char *part = malloc(order->b);
    if (part == NULL)
        return tm_fail(job, "no-memory", "no memory");
    for (uint64_t at = 0; at < order->a && status == 0; at += order->b) {
        size_t len = order->a - at < order->b ? (size_t)(order->a - at) : (size_t)order->b;
        pattern_fill_from(part, len, order->hash, at);
        status = tm_part(job, part, len);
    }
    free(part);
    return status == 0 ? answer(job, order, 0) : tm_fail(job, "stopped", "a part was refused");
}

static int do_stream_die(tm_job *job, const struct order *order)
{
    die_in(order->hash % STREAM_DIES_US);
    return do_stream(job, order);
}

/* The messages tell the job and the report's number. */
static void report_all(tm_job *job, const struct order *order)
{
    for (uint64_t n = 1; n <= order->a; n++) {
        tm_progress(job, (double)n / (double)order->a, "%" PRIu64 " %" PRIu64, order->uid, n);
        pause_us(order->b);
    }
}

static int do_progress(tm_job *job, const struct order *order)
{
    report_all(job, order);
    return answer(job, order, 0);
}

static int do_progress_die(tm_job *job, const struct order *order)
{
    report_all(job, order);
    note(order, SIDE_FINISH);
    return raise(SIGKILL);
}

static int do_signal(tm_job *job, const struct order *order)
{
    (void)job;
    return raise((int)order->a);
}

static int do_exit(tm_job *job, const struct order *order)
{
    (void)job;
    exit((int)order->a);
}

static int do_quick_exit(tm_job *job, const struct order *order)
{
    (void)job;
    _exit((int)order->a);
}

_Noreturn static void loop(void)
{
    volatile unsigned long turns = 0;

    for (;;)
        turns = turns + 1;
}

static int do_loop(tm_job *job, const struct order *order)
{
    (void)job;
    (void)order;
    loop();
}

static int do_loop_term(tm_job *job, const struct order *order)
{
    (void)job;
    (void)order;
    signal(SIGTERM, SIG_IGN);
    loop();
}

static int do_flood(tm_job *job, const struct order *order)
{
    for (uint64_t i = 1; i <= order->a; i++)
        putchar(i % 100 == 0 || i == order->a ? '\n' : 'x');
    return answer(job, order, 0);
}

static int do_fail(tm_job *job, const struct order *order)
{
    (void)order;
    return tm_fail(job, "planned", "as it was asked to");
}

static int do_fail_silent(tm_job *job, const struct order *order)
{
    (void)job;
    (void)order;
    return -1;
}

static int do_close_fds(tm_job *job, const struct order *order)
{
    int status = answer(job, order, 0);

    for (int fd = 0; fd <= 100; fd++)
        close(fd);
    return status;
}

static int do_mask(tm_job *job, const struct order *order)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    return answer(job, order, 0);
}

static int do_fork_hold(tm_job *job, const struct order *order)
{
    (void)job;
    (void)order;
    if (fork() == 0) {
        pause_us(HOLD_S * 1000000ull);
        _exit(0);
    }
    return raise(SIGKILL);
}

static const struct command {
    const char *name;
    int (*run)(tm_job *job, const struct order *order);
} commands[] = {
    {"hash", do_hash},
    {"sleep", do_sleep},
    {"big", do_big},
    {"too-large", do_big},
    {"stream", do_stream},
    {"stream-die", do_stream_die},
    {"progress", do_progress},
    {"progress-die", do_progress_die},
    {"stop-fail", do_stop_fail},
    {"stop-done", do_stop_done},
    {"die-sending", do_die_sending},
    {"signal", do_signal},
    {"exit", do_exit},
    {"quick-exit", do_quick_exit},
    {"loop", do_loop},
    {"loop-term", do_loop_term},
    {"flood", do_flood},
    {"fail", do_fail},
    {"fail-silent", do_fail_silent},
    {"close-fds", do_close_fds},
    {"mask", do_mask},
    {"fork-hold", do_fork_hold},
};

static int run(tm_job *job)
{
    struct order order;
    size_t len;
    const char *data = tm_job_data(job, &len);

    if (sscanf(data, "%" SCNu64 " %31s %" SCNu64 " %" SCNu64, &order.uid, order.command, &order.a,
               &order.b) != 4)
        return tm_fail(job, "bad-input", "expected UID COMMAND A B");
    order.hash = pattern_hash(data, len);
    order.attempt = tm_job_attempt(job);
    note(&order, SIDE_START);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, order.command) == 0)
            return commands[i].run(job, &order);
    return tm_fail(job, "bad-input", "there is no command %s", order.command);
}

TM_MODULE(.name = TORTURE_NAME, .version = "1.0", .init = init, .run = run);
