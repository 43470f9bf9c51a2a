/* report: see report.h. */
#include "stats/report.h"

#include "base/figures.h"
#include "base/payload.h"
#include "base/process_report.h"
#include "base/signal_name.h"
#include "common/log.h"
#include "jobs/module_table.h"
#include "jobs/pools.h"
#include "stats/breaker_report.h"
#include "stats/tally_report.h"
#include "stats/worker_memory.h"

#include <taskmaster/version.h>

#include <jansson.h>

static uint64_t since_ms(const struct report *report, uint64_t then_us)
{
    return (report->pools->shared.timers->now_us - then_us) / 1000;
}

/* The figures of one pool, or the sums of all. */
struct pool_figures {
    uint64_t start, max, states[WORKER_STATES], forks, exits; /* of workers */
    uint64_t ends[WORKER_ENDS];                               /* exits by reason */
    uint64_t waiting, waiting_max;                            /* of jobs */
    const struct job *oldest;
};

static void add_pool(struct pool_figures *sum, const struct dispatcher *d)
{
    const struct job *oldest = dispatcher_oldest_waiting(d);
    sum->start += d->limits.pool_start;
    sum->max += d->limits.pool_max;
    for (int state = 0; state < WORKER_STATES; state++)
        sum->states[state] += d->pool.counts[state];
    sum->forks += d->pool.forks;
    sum->exits += d->pool.exits;
    for (int end = 0; end < WORKER_ENDS; end++)
        sum->ends[end] += d->pool.ends[end];
    sum->waiting += dispatcher_waiting(d);
    sum->waiting_max += d->limits.job_max;
    if (oldest && (!sum->oldest || oldest->seq < sum->oldest->seq))
        sum->oldest = oldest;
}

static json_t *pool_report(const struct pool_figures *figures)
{
    json_t *pool = json_object(), *ends = json_object();
    for (enum worker_end end = END_UNDECIDED + 1; end < WORKER_ENDS; end++)
        figures_set(ends, worker_end_name(end), figures->ends[end]);
    figures_set(pool, "start", figures->start);
    figures_set(pool, "max", figures->max);
    figures_set(pool, "starting", figures->states[WORKER_STARTING]);
    figures_set(pool, "idle", figures->states[WORKER_IDLE]);
    figures_set(pool, "busy", figures->states[WORKER_BUSY]);
    figures_set(pool, "dead", figures->states[WORKER_DEAD]);
    figures_set(pool, "stopping",
                figures->states[WORKER_STOPPING] + figures->states[WORKER_RETIRING]);
    figures_set(pool, "forks", figures->forks);
    figures_set(pool, "exits", figures->exits);
    json_object_set_new(pool, "ends", ends);
    return pool;
}

static json_t *queue_report(const struct report *report, const struct pool_figures *figures)
{
    const struct job *oldest = figures->oldest;
    json_t *queue = json_object();
    figures_set(queue, "waiting", figures->waiting);
    figures_set(queue, "max", figures->waiting_max);
    figures_set(queue, "oldest_ms", oldest ? since_ms(report, oldest->run.submitted_us) : 0);
    return queue;
}

static json_t *overload_report(const uint64_t counts[OVERLOAD_REASONS])
{
    json_t *overload = json_object();
    for (int i = 0; i < OVERLOAD_REASONS; i++)
        figures_set(overload, overload_reason_name((enum overload_reason)i), counts[i]);
    return overload;
}

static json_t *one_pool_report(const struct report *report, const struct dispatcher *d)
{
    struct pool_figures figures = {0};
    json_t *item = json_object(), *queue;
    add_pool(&figures, d);
    queue = queue_report(report, &figures);
    figures_set(queue, "bytes", d->bytes);
    figures_set(queue, "bytes_max", d->limits.payload_total_max);
    json_object_set_new(item, "pool", pool_report(&figures));
    json_object_set_new(item, "queue", queue);
    json_object_set_new(item, "removed", json_boolean(d->removal.removed));
    json_object_set_new(item, "paused", json_boolean(d->paused));
    json_object_set_new(item, "overload", overload_report(d->overload));
    tally_report_add(item, &d->tally);
    return item;
}

static json_t *pools_report(const struct report *report)
{
    const struct dispatcher *d;
    json_t *pools = json_object();
    POOLS_EACH (d, report->pools)
        json_object_set_new(pools, d->name, one_pool_report(report, d));
    return pools;
}

/* `pool` and `queue`: the sums over all pools. */
static void add_sums(json_t *stats, const struct report *report)
{
    struct pool_figures figures = {0};
    const struct dispatcher *d;
    json_t *queue;
    POOLS_EACH (d, report->pools)
        add_pool(&figures, d);
    queue = queue_report(report, &figures);
    figures_set(queue, "bytes", report->budget->held);
    figures_set(queue, "bytes_max", report->budget->max);
    json_object_set_new(stats, "pool", pool_report(&figures));
    json_object_set_new(stats, "queue", queue);
}

static json_t *output_report(const struct report *report)
{
    json_t *output = json_object();
    figures_set(output, "bytes", report->output->held);
    figures_set(output, "bytes_max", report->output->max);
    return output;
}

static json_t *jobs_report(const struct dispatcher_counts *counts)
{
    json_t *jobs = json_object(), *failed = json_object();
    for (int i = 0; i < FAIL_REASONS; i++)
        figures_set(failed, fail_reason_name((enum fail_reason)i), counts->failed[i]);
    figures_set(jobs, "submitted", counts->submitted);
    figures_set(jobs, "done", counts->done);
    json_object_set_new(jobs, "failed", failed);
    json_object_set_new(jobs, "overload", overload_report(counts->overload));
    figures_set(jobs, "dropped", counts->dropped);
    figures_set(jobs, "orphaned", counts->orphaned);
    figures_set(jobs, "running", counts->running);
    return jobs;
}

struct modules_report {
    json_t *list;
    uint64_t now_us;
};

static json_t *module_crashes(const struct module_history *history)
{
    json_t *crashes = json_object();
    for (int signal = 1; signal < CRASH_SIGNALS; signal++)
        if (history->crashes[signal])
            figures_set(crashes, signal_name(signal), history->crashes[signal]);
    return crashes;
}

static void add_module(struct hash_node *node, void *arg)
{
    const struct modules_report *modules = arg;
    const struct module_entry *entry = module_entry_of(node);
    if (!entry->file.seen)
        return; /* nobody could have used it */
    json_t *module = json_object();
    figures_set(module, "done", entry->history.done);
    figures_set(module, "failed", entry->history.failed);
    figures_set(module, "running", entry->running);
    figures_set(module, "waiting", entry->waiting);
    json_object_set_new(module, "breaker", breaker_report(&entry->breaker, modules->now_us));
    json_object_set_new(module, "crashes", module_crashes(&entry->history));
    tally_report_add(module, &entry->tally);
    json_object_set_new(modules->list, entry->name, module);
}

static json_t *clients_report(const struct report_clients *counts)
{
    json_t *clients = json_object();
    figures_set(clients, "connected", counts->connected);
    figures_set(clients, "max", counts->max);
    return clients;
}

static json_t *services_report(const struct report_clients *counts)
{
    json_t *services = json_object();
    figures_set(services, "registered", counts->services);
    figures_set(services, "delivered", counts->delivered);
    figures_set(services, "dropped", counts->dropped);
    return services;
}

/* Each worker has a pipe for its output; a reload may give the log a file. */
static size_t descriptors(const struct report *report)
{
    return report->own_descriptors + log_descriptors() + *report->connections +
           pools_workers(report->pools);
}

char *report_stats(const struct report *report, const struct report_clients *clients)
{
    const struct dispatch_shared *shared = &report->pools->shared;
    json_t *stats = json_object(), *pools = pools_report(report);
    struct modules_report modules = {json_object(), shared->timers->now_us};
    figures_set_text(stats, "server", "taskmasterd/" TASKMASTER_VERSION);
    figures_set_text(stats, "boot", report->boot);
    figures_set(stats, "uptime_ms", since_ms(report, report->started_us));
    json_object_set_new(stats, "draining", json_boolean(shared->draining));
    add_sums(stats, report);
    json_object_set_new(stats, "pools", pools);
    json_object_set_new(stats, "output", output_report(report));
    json_object_set_new(stats, "jobs", jobs_report(&shared->counts));
    json_object_set_new(stats, "clients", clients_report(clients));
    json_object_set_new(stats, "services", services_report(clients));
    hash_each(&report->modules->by_name, add_module, &modules);
    tally_report_longest(report, pools, modules.list);
    json_object_set_new(stats, "modules", modules.list);
    json_object_set_new(stats, "process",
                        process_report(report->lag, shared->timers->now_us, descriptors(report)));
    return figures_dump(stats);
}

/* A sandbox may hide our workers in /proc (ProtectProc= of systemd); the worker's own word is
 * older. */
static uint64_t memory_kb(const struct report *report, const struct worker *worker)
{
    uint64_t now_us = report->pools->shared.timers->now_us;
    uint64_t kb = worker_memory_kb(report->memory, worker->id, worker->pid, now_us);
    return kb ? kb : dispatcher_worker_rss(worker) / 1024;
}

static json_t *worker_report(const struct report *report, const struct worker *worker)
{
    const struct job *job = worker->job;
    json_t *item = json_object();
    char name[JOB_TEXT_MAX];
    figures_set(item, "id", worker->id);
    figures_set(item, "pid", (uint64_t)worker->pid);
    figures_set_text(item, "pool", dispatcher_of(worker)->name);
    figures_set_text(item, "state", worker_state_name(worker->state));
    figures_set_text(item, "job", job ? job_name(job, report->boot, name) : NULL);
    figures_set_text(item, "module", job ? job->asked.module->name : NULL);
    json_object_set_new(item, "begun", json_boolean(dispatcher_worker_has_begun(worker)));
    figures_set(item, "since_ms", since_ms(report, worker->since_us));
    figures_set(item, "age_ms", since_ms(report, worker->started_us));
    json_object_set_new(item, "alive", json_boolean(!worker->dead));
    figures_set(item, "silent_ms", since_ms(report, dispatcher_worker_heard_us(worker)));
    figures_set(item, "jobs_done", worker->jobs_done);
    figures_set(item, "jobs_failed", worker->jobs_failed);
    figures_set(item, "rss_kb", memory_kb(report, worker));
    figures_set_text(item, "ending", worker->end ? worker_end_name(worker->end) : NULL);
    return item;
}

static void add_workers(json_t *list, const struct report *report, const struct dispatcher *d)
{
    const struct worker *worker;
    for (int state = 0; state < WORKER_STATES; state++)
        TAILQ_FOREACH (worker, &d->pool.lists[state], link)
            json_array_append_new(list, worker_report(report, worker));
}

char *report_workers(const struct report *report)
{
    const struct dispatcher *d;
    json_t *list = json_array();
    POOLS_EACH (d, report->pools)
        add_workers(list, report, d);
    return figures_dump(list);
}
