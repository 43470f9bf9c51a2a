/* worker_operations: see operations.h. */
#include "workers/operations.h"
#include "workers/connection.h"
#include "workers/death.h"
#include "workers/limits.h"
#include "workers/message.h"
#include "workers/progress.h"
#include "workers/results.h"
#include "workers/workers_internal.h"

#include "base/signal_name.h"
#include "common/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static struct worker_link *link_of(const struct worker *worker)
{
    return worker->ops_data;
}

/* --- start --- */

static void on_peek(void *arg)
{
    struct worker_link *link = arg;
    const char *fault = worker_results_peek(link);
    if (fault)
        worker_death_break_off(link, fault);
}

/* The path is in this line only. The next line, start-failed, is without it: clients see the words
 * of start-failed, too. */
static void log_spawn_failed(const struct workers *workers)
{
    log_event(LOG_ERROR, "spawn-failed", LOG_STR("path", workers->env.path),
              LOG_STR("why", strerror(errno)));
}

static int start_process(struct worker_link *link)
{
    struct workers *workers = link->workers;
    if (getrandom(link->token, sizeof link->token, 0) != (ssize_t)sizeof link->token)
        return -1;
    const struct dispatcher *pool = dispatcher_of(link->worker);
    struct worker_process_own own = {.worker = link->worker->id,
                                     .token = link->token,
                                     .debug = log_enabled(LOG_DEBUG),
                                     .limits =
                                         worker_limits_of(&pool->limits, workers->no_new_privs,
                                                          pool->shared->limits.allow_debug)};
    if (worker_process_start(&link->process, &workers->env, &own) < 0) {
        log_spawn_failed(workers);
        return -1;
    }
    link->worker->pid = link->process.pid;
    log_event(LOG_DEBUG, "worker-start", LOG_STR("pool", pool->name),
              LOG_UINT("worker", link->worker->id), LOG_INT("pid", link->worker->pid));
    return 0;
}

/* A worker without a reader of its output would hang once the pipe is full. It is killed at once
 * instead, and counts as a failed start. */
static int op_start(void *ctx, struct worker *worker)
{
    struct workers *workers = ctx;
    struct worker_link *link = worker_link_new(workers, worker);
    worker->ops_data = link;
    worker_death_init(link);
    timer_init(&link->peek, on_peek, link);
    if (start_process(link) < 0)
        return -1;
    if (worker_output_open(&link->output, workers->loop->base, workers_timers(workers),
                           &link->process, workers->boot, worker, workers->log_limits) < 0)
        worker_death_kill(link);
    return 0;
}

/* --- jobs --- */

/* For the text of RUN. Returns its length: 0 if there is nothing to tell the module. */
static uint32_t fill_origin(const struct job *job, struct wire_origin *text)
{
    const struct job_origin *origin = job->asked.origin;
    if (!origin || (!origin->id && !origin->attempt))
        return 0;
    *text = (struct wire_origin){.attempt = origin->attempt};
    if (origin->id)
        snprintf(text->id, sizeof text->id, "%s", origin->id);
    return sizeof *text;
}

static uint32_t wants_of(const struct job *job)
{
    uint32_t progress = job->asked.notify_progress ? WIRE_WANTS_PROGRESS : 0;
    uint32_t parts = job->asked.notify_part ? WIRE_WANTS_PARTS : 0;
    uint32_t usage = job->asked.notify_usage ? WIRE_WANTS_USAGE : 0;
    return progress | parts | usage;
}

/* The tag is the slot of the job's claim word. */
static uint8_t op_assign(void *ctx, const struct assignment *assignment)
{
    struct worker_link *link = link_of(assignment->worker);
    const struct job *job = assignment->job;
    struct wire_origin origin;
    (void)ctx;
    struct wire_head head = worker_message_head(WIRE_RUN, job->asked.module->name);
    if (assignment->prefetched)
        worker_results_watch(link);
    head.job = job->seq;
    head.slot = worker_claims_offer(&link->process.claims, job->seq);
    head.size = job->asked.payload ? job->asked.payload->size : 0;
    head.time_us = assignment->limit_us;
    head.payload_max = job->asked.payload_max;
    head.wants = wants_of(job);
    head.text_len = fill_origin(job, &origin);
    worker_connection_assigned(link->connection, job);
    worker_connection_send(link->connection, &head, &origin, job->asked.payload);
    return (uint8_t)head.slot;
}

static bool op_reclaim(void *ctx, struct worker *worker, const struct job *job)
{
    (void)ctx;
    return worker_claims_reclaim(&link_of(worker)->process.claims, job->run.tag, job->seq);
}

static void op_results(void *ctx, struct worker *worker)
{
    (void)ctx;
    const char *fault = worker_results_take_slots(link_of(worker));
    if (fault)
        worker_death_break_off(link_of(worker), fault);
}

/* Any value may stand in the page. */
static void op_signs(void *ctx, const struct worker *worker, struct worker_signs *signs)
{
    const struct worker_link *link = link_of(worker);
    const struct worker_shared *shared = link->process.shared;
    const struct job *job = worker->job;
    (void)ctx;
    signs->begun = job && worker_claims_has_begun(&link->process.claims, job->run.tag, job->seq);
    signs->begun_us = __atomic_load_n(&shared->begun_us, __ATOMIC_RELAXED);
    signs->pinged_us = __atomic_load_n(&shared->pinged_us, __ATOMIC_RELAXED);
    signs->rss = __atomic_load_n(&shared->rss, __ATOMIC_RELAXED);
    signs->taken_us = link->connection ? link->connection->taken_us : 0;
}

static bool op_progress(void *ctx, const struct worker *worker, const struct job *job,
                        struct job_progress *latest)
{
    (void)ctx;
    return worker_progress_latest(link_of(worker)->process.shared, job->seq, latest);
}

static bool op_usage(void *ctx, const struct worker *worker, const struct job *job,
                     struct job_usage *usage)
{
    const struct worker_link *link = link_of(worker);
    (void)ctx;
    if (link->usage_job != job->seq)
        return worker_process_usage(&link->process, job->seq, usage);
    *usage = link->usage;
    return true;
}

static void op_ping(void *ctx, struct worker *worker, bool say)
{
    struct worker_link *link = link_of(worker);
    struct wire_head head = worker_message_head(WIRE_PING, "");
    (void)ctx;
    if (!link->connection)
        return;
    head.kind = say ? WIRE_PING_SAY : WIRE_PING_NOTE;
    worker_connection_send(link->connection, &head, NULL, NULL);
}

static void op_parts(void *ctx, struct worker *worker, const struct job *job, bool wanted)
{
    struct worker_link *link = link_of(worker);
    (void)ctx;
    if (!wanted)
        worker_process_refuse_parts(&link->process, job->seq);
    if (link->connection)
        worker_connection_go_on(link->connection, wanted);
}

static void op_stop_flag(void *ctx, struct worker *worker, const struct job *job,
                         enum stop_reason reason)
{
    (void)ctx;
    worker_process_stop_flag(&link_of(worker)->process, job->seq, reason);
}

static void op_poll(void *ctx, struct worker *worker)
{
    (void)ctx;
    worker_death_poll(link_of(worker));
}

static void op_look_at_modules(void *ctx, struct worker *worker)
{
    (void)ctx;
    if (link_of(worker))
        worker_link_look_at_modules(link_of(worker));
}

/* --- the end --- */

static void op_signal(void *ctx, struct worker *worker, int signo)
{
    struct worker_link *link = link_of(worker);
    (void)ctx;
    log_event(LOG_DEBUG, "worker-signal", LOG_UINT("worker", worker->id),
              LOG_INT("pid", worker->pid), LOG_STR("signal", signal_name(signo)));
    if (signo == SIGKILL)
        worker_death_kill(link);
    else
        worker_process_signal(&link->process, signo);
}

/* A worker ends by itself at the end of its input. One without a connection has no job and no
 * module yet: nothing is lost if it is killed. */
static void op_retire(void *ctx, struct worker *worker)
{
    struct worker_link *link = link_of(worker);
    (void)ctx;
    if (!link->connection) {
        worker_death_kill(link);
        return;
    }
    worker_link_set_state(link, LINK_RETIRING);
    worker_connection_end_output(link->connection);
}

static void op_forget(void *ctx, struct worker *worker)
{
    (void)ctx;
    if (link_of(worker))
        worker_link_free(link_of(worker));
    worker->ops_data = NULL;
}

const struct dispatcher_ops worker_operations = {
    .start = op_start,
    .assign = op_assign,
    .reclaim = op_reclaim,
    .signs = op_signs,
    .progress = op_progress,
    .usage = op_usage,
    .ping = op_ping,
    .results = op_results,
    .parts = op_parts,
    .stop_flag = op_stop_flag,
    .signal = op_signal,
    .retire = op_retire,
    .poll = op_poll,
    .look_at_modules = op_look_at_modules,
    .forget = op_forget,
};
