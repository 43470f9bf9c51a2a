/* shutdown: see shutdown.h. */
#include "shutdown.h"

#include "common/log.h"

#include <stdlib.h>
#include <sysexits.h>

enum {
    KILLED_MS = 3000,    /* for killed workers to be reaped */
    HEAR_MS = 1000,      /* for reading clients that go on sending */
    SILENT_MS = 500,     /* for reading silent clients */
    FLUSH_MS = 1000,     /* behind drain-timeout-ms: for clients to take the rest of their output */
    LAST_WORDS_MS = 100, /* between two looks at the output left */
};

static void begin_drain(struct shutdown *s, const char *why, enum drain_waiting waiting)
{
    log_event(LOG_INFO, "drain", LOG_STR("why", why),
              LOG_UINT("running", s->pools->shared.counts.running),
              LOG_UINT("waiting", pools_waiting(s->pools)),
              LOG_STR("drain_waiting", waiting == DRAIN_RUN ? "run" : "fail"),
              LOG_UINT("timeout_ms", s->settings->drain_timeout_ms));
    s->phase = DRAINING;
    s->drain_by_us = s->timers->now_us + s->settings->drain_timeout_ms * 1000ull;
    timer_set(s->timers, &s->timer, s->drain_by_us);
    s->close(s->arg);
    peers_tell_draining(&s->clients->peers);
    pools_drain(s->pools, waiting == DRAIN_RUN);
}

/* Jobs still waiting for their run fail. */
static void fail_waiting(struct shutdown *s)
{
    if (s->pools->shared.runs_waiting)
        pools_drain(s->pools, false);
}

/* No job is left, but submits may be on their way. Each client is read and answered as long as it
 * goes on sending, up to a limit. A silent client is not waited for: it may begin at any time. */
static void begin_hearing(struct shutdown *s)
{
    s->phase = HEARING;
    s->close_workers(s->arg);
    s->hear_by_us = s->timers->now_us + (s->hurried ? LAST_WORDS_MS : HEAR_MS) * 1000ull;
    peers_listen(&s->clients->peers);
    timer_set_ms(s->timers, &s->timer, s->hurried ? LAST_WORDS_MS : SILENT_MS);
}

static void go_on_hearing(struct shutdown *s)
{
    peers_end_silent(&s->clients->peers);
    timer_set(s->timers, &s->timer, s->hear_by_us);
}

/* Clients taking their output are waited for longer than linger-ms, but not beyond
 * drain-timeout-ms: this is our promise to the operator. */
static void begin_end(struct shutdown *s)
{
    uint64_t now = s->timers->now_us,
             linger = now + s->clients->peers.settings->linger_ms * 1000ull;
    uint64_t last = (s->drain_by_us > now ? s->drain_by_us : now) + FLUSH_MS * 1000ull;
    s->phase = ENDING;
    s->untaken = SIZE_MAX;
    timer_set(s->timers, &s->timer, linger < last ? linger : last);
    if (s->hurried)
        timer_set_ms(s->timers, &s->timer, LAST_WORDS_MS);
    peers_end(&s->clients->peers);
}

/* The second signal: no running job is waited for, but each has its terminal event, and clients
 * that go on taking their output get all of it. A third signal changes nothing. */
static void end_at_once(struct shutdown *s)
{
    if (s->hurried)
        return;
    log_event(LOG_WARN, "end-at-once", LOG_UINT("running", s->pools->shared.counts.running),
              LOG_UINT("clients", s->clients->peers.connected));
    s->hurried = true;
    fail_waiting(s);
    pools_abort(s->pools);
    if (s->phase == ENDING)
        begin_end(s);
    else
        begin_hearing(s);
}

/* A killed worker not reaped by now hangs in the kernel, or had no time to die after a second
 * signal; it dies as soon as it can. A job left is a bug. */
static _Noreturn void end_without(const struct shutdown *s)
{
    size_t waiting = pools_waiting(s->pools), running = s->pools->shared.counts.running;
    bool untold = waiting || running;
    const char *why = untold       ? "jobs were left untold"
                      : s->hurried ? "a second signal came, and killed workers were not reaped yet"
                                   : "killed workers do not end";
    log_event(s->hurried && !untold ? LOG_WARN : LOG_ERROR, "end",
              LOG_UINT("workers_left", pools_workers(s->pools)), LOG_UINT("waiting", waiting),
              LOG_UINT("running", running), LOG_STR("why", why));
    exit(untold ? EX_SOFTWARE : EX_OK);
}

/* Waiting jobs are failed batch by batch. drain-timeout-ms bounds only the time after that. */
static bool is_telling(struct shutdown *s)
{
    if (!pools_waiting(s->pools))
        return false;
    if (s->drain_by_us < s->timers->now_us)
        s->drain_by_us = s->timers->now_us;
    s->taken_us = s->timers->now_us;
    return true;
}

/* Clients take the rest of their output: one did within the last second. */
static bool is_taken(struct shutdown *s)
{
    uint64_t now = s->timers->now_us;
    size_t left = peers_output(&s->clients->peers);
    if (left != s->untaken)
        s->taken_us = now;
    s->untaken = left;
    return left && now < s->drain_by_us + FLUSH_MS * 1000ull &&
           now < s->taken_us + FLUSH_MS * 1000ull;
}

/* A job and its worker have kill-grace-ms from now on; a longer one hangs in the kernel. */
static void stop_running(struct shutdown *s)
{
    log_event(LOG_WARN, "drain-timeout", LOG_UINT("running", s->pools->shared.counts.running),
              LOG_UINT("waiting", pools_waiting(s->pools)));
    s->stopped = true;
    fail_waiting(s);
    pools_stop(s->pools);
    timer_set_ms(s->timers, &s->timer, s->pools->shared.limits.kill_grace_ms + KILLED_MS);
}

/* A job on a hanging worker has its terminal event all the same. */
static void end_draining(struct shutdown *s)
{
    pools_abort(s->pools);
    begin_hearing(s);
}

static void go_on_ending(struct shutdown *s)
{
    if (is_telling(s) || is_taken(s))
        timer_set_ms(s->timers, &s->timer, LAST_WORDS_MS);
    else if (!pools_are_drained(s->pools))
        end_without(s);
    else
        peers_close(&s->clients->peers);
}

static void on_timer(void *arg)
{
    struct shutdown *s = arg;
    if (s->phase == DRAINING && !s->stopped)
        stop_running(s);
    else if (s->phase == DRAINING)
        end_draining(s);
    else if (s->phase == HEARING && s->timers->now_us < s->hear_by_us)
        go_on_hearing(s);
    else if (s->phase == HEARING)
        begin_end(s);
    else
        go_on_ending(s);
}

void shutdown_turn(struct shutdown *s)
{
    if (s->phase == DRAINING && pools_are_drained(s->pools))
        begin_hearing(s);
    if (s->phase == HEARING && !s->clients->peers.reading) {
        begin_end(s);
        conn_loop_chores(s->loop);
    }
    if (s->phase == ENDING && TAILQ_EMPTY(&s->clients->peers.list) && pools_are_drained(s->pools))
        s->phase = ENDED;
}

void shutdown_init(struct shutdown *s)
{
    timer_init(&s->timer, on_timer, s);
}

void shutdown_ask(struct shutdown *s, const char *why)
{
    if (s->phase == RUNNING)
        begin_drain(s, why, s->settings->drain_waiting);
    else
        end_at_once(s);
}

void shutdown_drain(struct shutdown *s, const char *why, enum drain_waiting waiting)
{
    if (s->phase == RUNNING)
        begin_drain(s, why, waiting);
    else if (s->phase == DRAINING && waiting == DRAIN_FAIL)
        fail_waiting(s);
}
