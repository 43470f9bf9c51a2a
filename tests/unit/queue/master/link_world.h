/*
 * link_world: a link, a fake master at the other end of its connection, and a recorder in the place
 * of the keep.
 *
 * The recorder writes a line for each call of the link. The clock is the test's.
 */
#ifndef TASKMASTER_TESTS_UNIT_QUEUE_MASTER_LINK_WORLD_H
#define TASKMASTER_TESTS_UNIT_QUEUE_MASTER_LINK_WORLD_H

#include "base/clock.h"
#include "queue/master/ask.h"
#include "queue/master/link.h"
#include "tests/unit/support.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WORLD_UNUSED __attribute__((unused)) /* no test program needs all of these */

#define RIGHTS "\"rights\":[\"submit\",\"observe\",\"relay\"]"
#define FEATURES \
    "\"features\":[\"cancel\",\"link\",\"notify-started\",\"origin\",\"attempt\",\"for\"]"
#define HELLO                                                                                 \
    "{\"event\":\"hello\",\"protocol\":1,\"boot\":\"b1\",\"payload_max\":1000,\"job_max\":9," \
    "\"kill_grace_ms\":5000," RIGHTS "," FEATURES "}\n"

enum {
    TOLD_MAX = 1 << 16,
    JOBS = 8,
};

static struct event_base *base;
static struct timers timers;
static struct payload_budget budget, output;
static struct conn_loop loop;
static struct master_link_settings settings;
static struct master_link *link_;
static uint64_t now_us;

static char dir[] = "/tmp/test_link.XXXXXX";
static char address[64];
static int listening, master; /* the fake master's; -1: none */

static char told[TOLD_MAX];
static size_t told_len;

static struct kept jobs[JOBS]; /* by their number; without `stored` it is not handed */

__attribute__((format(printf, 1, 2))) static void tell(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(told + told_len, sizeof told - told_len, fmt, args);
    va_end(args);
    ck_assert(n > 0 && (size_t)n < sizeof told - told_len);
    told_len += (size_t)n;
}

/* The record since the last call. */
WORLD_UNUSED static void ck_told(const char *expected)
{
    told[told_len] = '\0';
    told_len = 0;
    ck_assert_str_eq(told, expected);
}

/* --- the recorder --- */

void keep_master_up(struct keep *keep, const struct kept_master_about *about)
{
    (void)keep;
    tell("up %s payload_max %" PRIu64 " job_max %u kill_grace %u\n", about->boot,
         about->payload_max, about->job_max, about->kill_grace_ms);
}

void keep_master_gone(struct keep *keep)
{
    (void)keep;
    tell("gone\n");
}

void keep_master_draining(struct keep *keep)
{
    (void)keep;
    tell("draining\n");
}

void keep_master_reads(struct keep *keep)
{
    (void)keep;
    tell("reads\n");
}

struct kept *keep_handed(struct keep *keep, uint64_t seq)
{
    (void)keep;
    return seq < JOBS && jobs[seq].stored ? &jobs[seq] : NULL;
}

uint64_t kept_wait_left_ms(const struct kept *job)
{
    return job->stored->run.expires_ms;
}

void kept_on_started(struct kept *job, const char *fields)
{
    tell("started %" PRIu64 " %s\n", kept_seq(job), fields);
}

void kept_on_progress(struct kept *job, const char *fields)
{
    tell("progress %" PRIu64 " %s\n", kept_seq(job), fields);
}

void kept_on_end(struct kept *job, const struct kept_end *end)
{
    static const char *const types[] = {"done", "failed", "overload", "error"};
    char result[64] = "";
    if (end->result)
        payload_copy(end->result, 0, result, sizeof result - 1);
    tell("%s %" PRIu64 " reason '%s' message '%s' fields '%s'%s%s after %" PRIu64 " run %" PRIu64
         " delay %" PRId64 " result '%s'\n",
         types[end->type], kept_seq(job), end->reason, end->message, end->fields,
         end->has_order ? " order" : "", end->is_crash ? " crash" : "", end->retry_after_ms,
         end->run_us, end->delay_ms, result);
    payload_unref(end->result);
}

/* --- jobs --- */

static const struct stored_wish plain_wish = {.module = "echo", .owner = "", .id = "1"};

/* Job `seq` is handed to the master for the first time. */
WORLD_UNUSED static struct kept *new_job(uint64_t seq, const struct stored_wish *wish)
{
    struct kept *job = &jobs[seq];
    job->stored = stored_job_new(wish);
    job->stored->seq = seq;
    job->stored->run.attempt = 1;
    return job;
}

WORLD_UNUSED static void submit(struct kept *job)
{
    master_link_ops.submit(link_, job);
}

/* --- time --- */

static void turn(void)
{
    now_us++;
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    timers_turn(&timers, now_us);
    timers_run(&timers);
    conn_loop_chores(&loop);
}

static void turns(void)
{
    for (int i = 0; i < 10; i++)
        turn();
}

WORLD_UNUSED static void pass_ms(uint64_t ms)
{
    now_us += ms * 1000;
    turns();
}

static uint64_t no_random(void)
{
    return 0;
}

/* --- the fake master --- */

static struct sockaddr_un socket_name(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s/master", dir);
    return name;
}

WORLD_UNUSED static void master_listens(void)
{
    struct sockaddr_un name = socket_name();
    listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listening, (struct sockaddr *)&name, sizeof name), 0);
    ck_assert_int_eq(listen(listening, 8), 0);
}

/* Nobody listens any more. The connection stays. */
WORLD_UNUSED static void master_hides(void)
{
    close(listening);
    unlink(socket_name().sun_path);
    listening = -1;
}

/* Whether the link has connected. */
WORLD_UNUSED static bool master_accepts(void)
{
    master = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return master >= 0;
}

WORLD_UNUSED static void master_says_bytes(const char *bytes, size_t len)
{
    ck_assert_int_eq(send(master, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
    turns();
}

WORLD_UNUSED static void master_says(const char *text)
{
    master_says_bytes(text, strlen(text));
}

WORLD_UNUSED static void master_ends(void)
{
    close(master);
    master = -1;
    turns();
}

/* What the link has written since the last call. */
WORLD_UNUSED static void ck_written(const char *expected)
{
    char got[8192];
    turns();
    ssize_t n = recv(master, got, sizeof got - 1, 0);
    got[n > 0 ? n : 0] = '\0';
    ck_assert_str_eq(got, expected);
}

/* The link closed the connection. */
WORLD_UNUSED static void ck_closed(void)
{
    char got[8192];
    ssize_t n;
    while ((n = recv(master, got, sizeof got, 0)) > 0)
        ;
    ck_assert(n == 0 || errno == ECONNRESET);
    close(master);
    master = -1;
}

WORLD_UNUSED static void master_greets(void)
{
    char got[512];
    turns();
    ck_assert(master_accepts());
    turns();
    ck_assert_int_gt(recv(master, got, sizeof got, 0), 0);
    master_says(HELLO);
    ck_told("up b1 payload_max 1000 job_max 9 kill_grace 5000\n");
}

/* --- the world --- */

static void setup(void)
{
    char error[128];
    quiet_log();
    now_us = clock_us() + UINT64_C(3600) * 1000000;
    base = event_base_new();
    timers_init(&timers, now_us);
    budget = output = (struct payload_budget){.max = UINT64_MAX};
    conn_loop_init(&loop, base, &timers, &budget, &output);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(address, sizeof address, "unix:%s/master", dir);
    settings = (struct master_link_settings){.address = address};
    listening = master = -1;
    told_len = 0;
    link_ = master_link_new(
        &(struct master_link_parts){.loop = &loop, .random = no_random, .settings = &settings},
        error, sizeof error);
    ck_assert_msg(link_ != NULL, "%s", error);
    master_link_start(link_, NULL);
}

static void teardown(void)
{
    for (size_t i = 0; i < JOBS; i++) {
        payload_unref(jobs[i].input);
        stored_job_free(jobs[i].stored);
        jobs[i] = (struct kept){0};
    }
    master_link_free(link_);
    conn_loop_chores(&loop);
    conn_loop_free(&loop);
    ck_assert_uint_eq(timers.set.count, 0);
    ck_assert_uint_eq(budget.held + output.held, 0);
    timers_free(&timers);
    event_base_free(base);
    if (listening >= 0)
        close(listening);
    if (master >= 0)
        close(master);
    unlink(socket_name().sun_path);
    rmdir(dir);
    memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
}

#endif
