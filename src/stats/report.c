/* report: see report.h. */
#include "stats/report.h"

#include "base/payload.h"
#include "common/log.h"
#include "jobs/dispatcher.h"
#include "jobs/module_table.h"
#include "stats/worker_memory.h"

#include <taskmaster/version.h>

#include <jansson.h>
#include <sysexits.h>

static uint64_t since_ms(const struct report *report, uint64_t then_us)
{
    return (report->dispatcher->timers->now_us - then_us) / 1000;
}

static void set(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *pool_report(const struct dispatcher *d)
{
    json_t *pool = json_object();
    set(pool, "start", d->limits.pool.pool_start);
    set(pool, "max", d->limits.pool.pool_max);
    set(pool, "starting", d->pool.counts[WORKER_STARTING]);
    set(pool, "idle", d->pool.counts[WORKER_IDLE]);
    set(pool, "busy", d->pool.counts[WORKER_BUSY]);
    set(pool, "stopping", pool_ending(&d->pool));
    set(pool, "forks", d->pool.forks);
    set(pool, "exits", d->pool.exits);
    return pool;
}

static json_t *queue_report(const struct report *report)
{
    const struct dispatcher *d = report->dispatcher;
    const struct job *oldest = dispatcher_oldest_waiting(d);
    json_t *queue = json_object();
    set(queue, "waiting", dispatcher_waiting(d));
    set(queue, "max", d->limits.pool.job_max);
    set(queue, "oldest_ms", oldest ? since_ms(report, oldest->run.submitted_us) : 0);
    set(queue, "bytes", report->budget->held);
    set(queue, "bytes_max", report->budget->max);
    return queue;
}

static json_t *output_report(const struct report *report)
{
    json_t *output = json_object();
    set(output, "bytes", report->output->held);
    set(output, "bytes_max", report->output->max);
    return output;
}

static json_t *jobs_report(const struct dispatcher *d)
{
    const struct dispatcher_counts *counts = &d->counts;
    json_t *jobs = json_object(), *failed = json_object(), *overload = json_object();
    for (int i = 0; i < FAIL_REASONS; i++)
        set(failed, fail_reason_name((enum fail_reason)i), counts->failed[i]);
    for (int i = 0; i < OVERLOAD_REASONS; i++)
        set(overload, overload_reason_name((enum overload_reason)i), counts->overload[i]);
    set(jobs, "submitted", counts->submitted);
    set(jobs, "done", counts->done);
    json_object_set_new(jobs, "failed", failed);
    json_object_set_new(jobs, "overload", overload);
    set(jobs, "dropped", counts->dropped);
    set(jobs, "orphaned", counts->orphaned);
    set(jobs, "running", counts->running);
    return jobs;
}

static void add_module(struct hash_node *node, void *arg)
{
    const struct module_entry *entry = module_entry_of(node);
    if (!entry->file.seen)
        return; /* nobody could have used it */
    json_t *module = json_object();
    set(module, "done", entry->history.done);
    set(module, "failed", entry->history.failed);
    set(module, "running", entry->running);
    set(module, "waiting", entry->waiting);
    json_object_set_new(arg, entry->name, module);
}

static char *dump(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    if (!text)
        fatal(EX_OSERR, "cannot write a report");
    json_decref(json);
    return text;
}

static json_t *clients_report(const struct report_clients *counts)
{
    json_t *clients = json_object();
    set(clients, "connected", counts->connected);
    set(clients, "max", counts->max);
    return clients;
}

char *report_stats(const struct report *report, const struct report_clients *clients)
{
    const struct dispatcher *d = report->dispatcher;
    json_t *stats = json_object(), *modules = json_object();
    json_object_set_new(stats, "server", json_string("taskmasterd/" TASKMASTER_VERSION));
    json_object_set_new(stats, "boot", json_string(report->boot));
    set(stats, "uptime_ms", since_ms(report, report->started_us));
    json_object_set_new(stats, "draining", json_boolean(d->draining));
    json_object_set_new(stats, "pool", pool_report(d));
    json_object_set_new(stats, "queue", queue_report(report));
    json_object_set_new(stats, "output", output_report(report));
    json_object_set_new(stats, "jobs", jobs_report(d));
    json_object_set_new(stats, "clients", clients_report(clients));
    hash_each(&report->modules->by_name, add_module, modules);
    json_object_set_new(stats, "modules", modules);
    return dump(stats);
}

static json_t *worker_report(const struct report *report, const struct worker *worker)
{
    const uint64_t now_us = report->dispatcher->timers->now_us;
    json_t *item = json_object();
    char name[JOB_TEXT_MAX];
    set(item, "id", worker->id);
    set(item, "pid", (uint64_t)worker->pid);
    json_object_set_new(item, "state", json_string(worker_state_name(worker->state)));
    if (worker->job) {
        json_object_set_new(item, "job", json_string(job_name(worker->job, report->boot, name)));
        json_object_set_new(item, "module", json_string(worker->job->asked.module->name));
    } else {
        json_object_set_new(item, "job", json_null());
        json_object_set_new(item, "module", json_null());
    }
    set(item, "since_ms", since_ms(report, worker->since_us));
    set(item, "jobs_done", worker->jobs_done);
    set(item, "rss_kb", worker_memory_kb(report->memory, worker->id, worker->pid, now_us));
    return item;
}

char *report_workers(const struct report *report)
{
    const struct worker *worker;
    json_t *list = json_array();
    for (int state = 0; state < WORKER_STATES; state++)
        TAILQ_FOREACH (worker, &report->dispatcher->pool.lists[state], link)
            json_array_append_new(list, worker_report(report, worker));
    return dump(list);
}
