/* check_daemon: bounds, conservation, hangs, ends, and leftovers. */
#include "checker.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>

enum {
    HANG_US = 1000000,
    SPIN_PERCENT = 2,
    START_TROUBLE_US = 3000000, /* and its next try */
    REPLACE_US = 500000,        /* for a worker in the place of a dead one */
    DEAD_US = 12000000,         /* from the stop of a worker to its end as a dead one */
    FEW_CLIENTS =
        PLAN_CLIENT_MAX / 2, /* with at most so few clients, no refusal for their number */
};

static double seconds(const struct check *check, uint64_t t_us)
{
    return (double)(t_us - check->rest->started_us) / 1e6;
}

/* --- samples --- */

static void check_conservation(const struct check *check, const struct event *event,
                               const struct sample *s)
{
    uint64_t sum =
        s->done + s->failed + s->overload + s->dropped + s->orphaned + s->all.waiting + s->running;
    if (s->submitted != sum)
        finding_add(check->findings, FINDING_CONSERVATION,
                    "at %.3f s submitted %" PRIu64 ", but done %" PRIu64 " + failed %" PRIu64
                    " + overload %" PRIu64 " + dropped %" PRIu64 " + orphaned %" PRIu64
                    " + waiting %" PRIu64 " + running %" PRIu64 " = %" PRIu64,
                    seconds(check, event->t_us), s->submitted, s->done, s->failed, s->overload,
                    s->dropped, s->orphaned, s->all.waiting, s->running, sum);
}

/* Dead workers take no place, but there are at most as many as places. A dead one on its way to its
 * end is told as `stopping`, so for a while after a death the bound is twice as high. */
static bool had_dead(const struct check *check, const struct event *event)
{
    uint64_t late_us = DEAD_US * check->scale;
    for (size_t i = 0; i < check->stop_count; i++)
        if (check->stops[i].t_us <= event->t_us && event->t_us - check->stops[i].t_us < late_us)
            return true;
    return false;
}

static void check_workers(const struct check *check, const struct event *event, const char *pool,
                          const struct pool_sample *p, uint64_t max)
{
    uint64_t workers = p->starting + p->idle + p->busy + p->stopping;
    if (workers > max && (workers + p->dead > 2 * max || !had_dead(check, event)))
        finding_add(check->findings, FINDING_BOUNDS,
                    "at %.3f s %" PRIu64 " workers of pool %s, pool-max %" PRIu64,
                    seconds(check, event->t_us), workers, pool, max);
    if (p->dead > max)
        finding_add(check->findings, FINDING_BOUNDS,
                    "at %.3f s %" PRIu64 " dead workers of pool %s, pool-max %" PRIu64,
                    seconds(check, event->t_us), p->dead, pool, max);
}

/* One more for each starting worker, and one for each worker lost before it began its job. */
static void check_line(const struct check *check, double at, const char *pool, uint64_t waiting,
                       const struct known_range *range)
{
    if (waiting > range->job_max + 2 * range->pool_max)
        finding_add(check->findings, FINDING_BOUNDS,
                    "at %.3f s %" PRIu64 " jobs of pool %s wait, job-max %" PRIu64, at, waiting,
                    pool, range->job_max);
}

static void check_pool(const struct check *check, const struct event *event, const struct sample *s,
                       uint8_t pool)
{
    struct known_range range = check_pool_settings(check, pool, s->sent_us, event->t_us);
    const struct pool_sample *p = &s->pools[pool];
    double at = seconds(check, event->t_us);
    if (!range.pool_max)
        return;
    check_workers(check, event, plan_pool_names[pool], p, range.pool_max);
    check_line(check, at, plan_pool_names[pool], p->waiting, &range);
}

static void check_bounds(const struct check *check, const struct event *event,
                         const struct sample *s)
{
    struct known_range range = check_settings(check, s->sent_us, event->t_us);
    double at = seconds(check, event->t_us);
    check_workers(check, event, "all", &s->all, range.pool_max);
    check_line(check, at, "all", s->all.waiting, &range);
    if (s->children > range.pool_max * (had_dead(check, event) ? 2 : 1))
        finding_add(check->findings, FINDING_BOUNDS,
                    "at %.3f s %" PRIu64 " child processes, pool-max %" PRIu64, at, s->children,
                    range.pool_max);
    if (s->pool_max > range.pool_max || s->job_max > range.job_max || s->job_max < range.job_min)
        finding_add(check->findings, FINDING_BOUNDS,
                    "at %.3f s stats tell pool-max %" PRIu64 " and job-max %" PRIu64
                    ", other than the settings",
                    at, s->pool_max, s->job_max);
    for (uint8_t pool = 0; pool < PLAN_POOLS; pool++)
        check_pool(check, event, s, pool);
}

static void check_ends(const struct check *check, const struct event *event, const struct sample *s)
{
    if (s->ends != s->exits)
        finding_add(check->findings, FINDING_CONSERVATION,
                    "at %.3f s %" PRIu64 " workers ended, but %" PRIu64 " for a reason",
                    seconds(check, event->t_us), s->exits, s->ends);
}

static void check_sample(const struct check *check, const struct event *event)
{
    const struct sample *sample = &check->history->samples[event->a];
    check_conservation(check, event, sample);
    check_bounds(check, event, sample);
    check_ends(check, event, sample);
}

/* The daemon's counts of its last epoch: at least as many as its events. */
static void check_counts(const struct check *check)
{
    const struct history *history = check->history;
    uint64_t done = 0, sure = 0;
    if (!history->sample_count || !check->rest->reached)
        return;
    const struct sample *last = &history->samples[history->sample_count - 1];
    for (size_t uid = 0; uid < history->job_count; uid++) {
        const struct event *end = check->jobs[uid].end;
        if (history->jobs[uid].epoch != history->epoch || !end)
            continue;
        done += end->type == EV_DONE;
        sure += end->type != EV_ERROR;
    }
    if (done > last->done || sure > last->submitted)
        finding_add(check->findings, FINDING_CONSERVATION,
                    "stats count %" PRIu64 " done of %" PRIu64 ", but clients were told %" PRIu64
                    " of %" PRIu64,
                    last->done, last->submitted, done, sure);
}

/* --- connections and masters --- */

static void check_ping(const struct check *check, const struct event *event)
{
    uint64_t took = event->a > event->b ? event->a - event->b : 0;
    if (took > HANG_US * check->scale)
        finding_add(check->findings, FINDING_HANG,
                    "at %.3f s a ping was answered after %.3f s (client %" PRIu32 ")",
                    seconds(check, event->t_us), (double)took / 1e6, event->conn);
}

static void check_conn_end(const struct check *check, const struct event *event)
{
    if (event->code == END_LOST)
        finding_add(check->findings, FINDING_LOST,
                    "at %.3f s the server closed the connection of client %" PRIu32
                    " without a reason",
                    seconds(check, event->t_us), event->conn);
    else if (event->code == END_ASKED && event->b)
        finding_add(check->findings, FINDING_LOST,
                    "at %.3f s client %" PRIu32 " lacks the answers of %" PRIu64 " requests",
                    seconds(check, event->t_us), event->conn, event->b);
}

static void check_fatal(const struct check *check, const struct event *event)
{
    bool few = event->a && event->b < FEW_CLIENTS;
    if (few || (!event->code && !event->a))
        finding_add(check->findings, FINDING_UNEXPECTED,
                    "at %.3f s client %" PRIu32 " was told a fatal error without a reason",
                    seconds(check, event->t_us), event->conn);
}

static void check_broken(const struct check *check, const struct event *event)
{
    static const char *const texts[BROKEN_KINDS] = {
        [BROKEN_FRAMING] = "the server's bytes are no message",
        [BROKEN_REFUSED] = "a right request is answered with an error",
        [BROKEN_REF] = "an event of an unknown monitor, or a second down",
        [BROKEN_SERVICE] = "an event of a service for a job that was not for the service",
        [BROKEN_WORKERS] = "the news of a worker come in an impossible order",
        [BROKEN_ORDER_OF_ANSWERS] = "answers do not come in the order of their requests",
        [BROKEN_STRANGER_TOLD] = "a stranger on the worker port was sent something",
        [BROKEN_STRANGER_STAYS] = "a stranger on the worker port was not closed in time",
    };
    finding_add(check->findings, FINDING_UNEXPECTED, "at %.3f s client %" PRIu32 ": %s",
                seconds(check, event->t_us), event->conn, texts[event->a]);
}

static void check_epoch_end(const struct check *check, const struct event *event)
{
    int status = (int)event->a;
    bool fine = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (event->code == EPOCH_DIED)
        finding_add(check->findings, FINDING_DIED,
                    "at %.3f s the master ended by itself, wait status 0x%x",
                    seconds(check, event->t_us), (unsigned)status);
    else if (event->code == EPOCH_DRAINED && !fine)
        finding_add(check->findings, FINDING_DIED,
                    "at %.3f s the master was told to end, and ended with wait status 0x%x",
                    seconds(check, event->t_us), (unsigned)status);
}

/* Something kept workers from starting, perhaps until their next try. */
static bool could_not_start(const struct check *check, uint64_t t_us)
{
    for (size_t i = 0; i < check->start_trouble_count; i++)
        if (check->start_troubles[i] <= t_us &&
            t_us - check->start_troubles[i] < START_TROUBLE_US * check->scale)
            return true;
    return false;
}

/* Dead workers alone do not keep a line from getting another worker. */
static void check_replaced(const struct check *check, const struct event *event, uint8_t pool,
                           uint64_t *since_us)
{
    const struct pool_sample *p = &check->history->samples[event->a].pools[pool];
    if (!p->waiting || !p->dead || p->paused || p->starting + p->idle + p->busy ||
        could_not_start(check, event->t_us))
        *since_us = 0;
    else if (!*since_us)
        *since_us = event->t_us;
    else if (event->t_us - *since_us > REPLACE_US * check->scale)
        finding_add(check->findings, FINDING_HANG,
                    "at %.3f s jobs of pool %s wait behind dead workers",
                    seconds(check, event->t_us), plan_pool_names[pool]);
}

static void check_dead(const struct check *check)
{
    for (uint8_t pool = 0; pool < PLAN_POOLS; pool++) {
        uint64_t since_us = 0;
        for (size_t i = 0; i < check->history->event_count; i++) {
            const struct event *event = &check->history->events[i];
            if (event->type == EV_SAMPLE)
                check_replaced(check, event, pool, &since_us);
            else if (event->type == EV_EPOCH || event->type == EV_STOPPED)
                since_us = 0;
        }
    }
}

static void check_event(const struct check *check, const struct event *event)
{
    if (event->type == EV_SAMPLE)
        check_sample(check, event);
    else if (event->type == EV_PING)
        check_ping(check, event);
    else if (event->type == EV_CONN_END)
        check_conn_end(check, event);
    else if (event->type == EV_FATAL)
        check_fatal(check, event);
    else if (event->type == EV_BROKEN)
        check_broken(check, event);
    else if (event->type == EV_EPOCH_END)
        check_epoch_end(check, event);
    else if (event->type == EV_STRAY)
        finding_add(check->findings, FINDING_UNEXPECTED,
                    "at %.3f s client %" PRIu32 " got an event of a job not its own",
                    seconds(check, event->t_us), event->conn);
}

/* --- at rest --- */

static void check_drift(const struct check *check)
{
    const struct rest *rest = check->rest;
    struct findings *findings = check->findings;
    if (rest->files_after != rest->files_before)
        finding_add(findings, FINDING_DRIFT, "descriptors: %d at the beginning, %d at rest",
                    rest->files_before, rest->files_after);
    if (rest->rss_after_kb - rest->rss_before_kb > DRIFT_KB * (long)check->scale)
        finding_add(findings, FINDING_DRIFT, "memory: %ld KiB at the beginning, %ld KiB at rest",
                    rest->rss_before_kb, rest->rss_after_kb);
    if (rest->bytes)
        finding_add(findings, FINDING_DRIFT, "payloads: %" PRIu64 " bytes are held at rest",
                    rest->bytes);
    if (rest->zombies)
        finding_add(findings, FINDING_DRIFT, "zombies: %" PRIu64 " at rest", rest->zombies);
    if (rest->strays)
        finding_add(findings, FINDING_DRIFT, "%" PRIu64 " processes left by jobs, at rest",
                    rest->strays);
}

static void check_rest(const struct check *check)
{
    const struct rest *rest = check->rest;
    if (rest->stuck)
        finding_add(check->findings, FINDING_HANG, "the round came to no end");
    else if (!rest->reached)
        finding_add(check->findings, FINDING_DRIFT,
                    "the daemon did not come to rest (workers idle, nobody connected)");
    if (rest->leftovers)
        finding_add(check->findings, FINDING_DRIFT,
                    "%" PRIu64 " processes outlived their master by a second, in epoch %" PRIu64
                    ": %s",
                    rest->leftovers, rest->leftover_epoch, rest->leftover);
    if (!rest->reached)
        return;
    check_drift(check);
    if (rest->used_us * 100 > rest->window_us * SPIN_PERCENT * check->scale)
        finding_add(check->findings, FINDING_SPIN,
                    "at rest %" PRIu64 " us of processor time in %" PRIu64 " us", rest->used_us,
                    rest->window_us);
}

void check_daemon(const struct check *check)
{
    for (size_t i = 0; i < check->history->event_count; i++)
        check_event(check, &check->history->events[i]);
    if (check->side->broken)
        finding_add(check->findings, FINDING_CORRUPT, "%zu records of the side file are broken",
                    check->side->broken);
    check_dead(check);
    check_counts(check);
    check_rest(check);
}
