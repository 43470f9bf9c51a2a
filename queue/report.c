/* report: see report.h. */
#include "queue/report.h"

#include "base/figures.h"
#include "base/payload.h"
#include "base/process_report.h"
#include "common/log.h"
#include "common/xmalloc.h"

#include <taskmaster/version.h>

#include <jansson.h>
#include <stdlib.h>

enum { MODULES_TOLD = 1000 }; /* a job's module need not exist, so there may be any number */

/* --- jobs --- */

static void add_counts(json_t *object, const struct keep_counts *counts)
{
    figures_set(object, "waiting", counts->waiting);
    figures_set(object, "delayed", counts->delayed);
    figures_set(object, "handed", counts->handed);
    figures_set(object, "running", counts->running);
    figures_set(object, "ended", counts->ended);
    figures_set(object, "submitted", counts->submitted);
    figures_set(object, "joined", counts->joined);
    figures_set(object, "done", counts->done);
    figures_set(object, "failed", counts->failed);
    figures_set(object, "cancelled", counts->cancelled);
    figures_set(object, "poisoned", counts->poisoned);
    figures_set(object, "retried", counts->retried);
    figures_set(object, "returned", counts->returned);
    figures_set(object, "overloads", counts->overloads);
    figures_set(object, "refused", counts->refused);
}

/* A store of its own has no other nodes. */
static void add_shared_counts(json_t *jobs, const struct keep_counts *counts)
{
    figures_set(jobs, "unconfirmed", counts->unconfirmed);
    figures_set(jobs, "adopted", counts->adopted);
    figures_set(jobs, "late", counts->late);
}

static json_t *jobs_report(const struct queue_report *report)
{
    json_t *jobs = json_object();
    add_counts(jobs, keep_counts(report->keeping->keep));
    if (report->keeping->engine_ops->is_shared)
        add_shared_counts(jobs, keep_counts(report->keeping->keep));
    figures_set(jobs, "max", (*report->settings)->keep.job_max);
    return jobs;
}

static void add_module(void *arg, const struct keep_module_view *view)
{
    if (json_object_size(arg) >= MODULES_TOLD)
        return;
    json_t *module = json_object();
    add_counts(module, &view->counts);
    json_object_set_new(module, "paused", json_boolean(view->is_paused));
    figures_set(module, "held_ms", view->held_ms);
    figures_set_text(module, "held_reason", view->held_reason);
    figures_set(module, "run_us", view->run_us);
    json_object_set_new(arg, view->name, module);
}

static json_t *modules_report(const struct queue_report *report)
{
    json_t *modules = json_object();
    keep_each_module(report->keeping->keep, add_module, modules);
    return modules;
}

/* --- bytes --- */

static void add_size(json_t *store, const struct queue_report *report)
{
    const struct keeping *keeping = report->keeping;
    figures_set(store, "bytes", keeping->engine_ops->bytes(keeping->engine));
    figures_set(store, "bytes_max", (*report->settings)->store.max);
}

/* What the engine tells of itself: a shared one's size is nothing of this daemon. */
static void add_own_figures(json_t *store, const struct keeping *keeping)
{
    char *own = keeping->engine_ops->stats(keeping->engine);
    char *text = xasprintf("{%s}", own + 1);
    json_t *figures = json_loads(text, 0, NULL);
    json_object_update_missing(store, figures);
    json_decref(figures);
    free(text);
    free(own);
}

static json_t *store_report(const struct queue_report *report)
{
    const struct keeping *keeping = report->keeping;
    json_t *store = json_object();
    figures_set_text(store, "engine", keeping->engine_ops->name);
    if (keeping->engine_ops->is_shared)
        add_own_figures(store, keeping);
    else
        add_size(store, report);
    json_object_set_new(store, "has_room",
                        json_boolean(keeping->engine_ops->has_room(keeping->engine)));
    figures_set(store, "operations", keep_busy_count(keeping->keep));
    return store;
}

static json_t *budget_report(const struct payload_budget *budget)
{
    json_t *bytes = json_object();
    figures_set(bytes, "bytes", budget->held);
    figures_set(bytes, "bytes_max", budget->max);
    return bytes;
}

static json_t *clients_report(const struct peers *peers)
{
    json_t *clients = json_object();
    figures_set(clients, "connected", peers->connected);
    figures_set(clients, "max", peers->settings->client_max);
    return clients;
}

/* --- the master --- */

/* NULL: there is none, or no JSON. */
static json_t *read_stats(const struct payload *payload)
{
    if (!payload)
        return NULL;
    char *text = xmalloc(payload->size + 1);
    size_t len = payload_copy(payload, 0, text, payload->size);
    json_t *stats = json_loadb(text, len, 0, NULL);
    free(text);
    return stats;
}

/* Its workers and its line: how busy it is, also by other clients. */
static void add_pool(json_t *master, const struct payload *payload)
{
    json_t *stats = read_stats(payload);
    json_object_set(master, "pool", json_object_get(stats, "pool"));
    json_object_set(master, "queue", json_object_get(stats, "queue"));
    json_decref(stats);
}

static json_t *master_report(const struct queue_report *report, const struct payload *payload)
{
    const struct master_link_view view = master_link_view(report->keeping->link);
    json_t *master = json_object();
    figures_set_text(master, "address", view.address);
    json_object_set_new(master, "connected", json_boolean(view.is_up));
    figures_set_text(master, "boot", view.boot);
    figures_set_text(master, "why", view.why);
    add_pool(master, payload);
    return master;
}

char *queue_report_stats(const struct queue_report *report, const struct payload *master)
{
    uint64_t now_us = report->conns->timers->now_us;
    size_t descriptors = report->own_descriptors + log_descriptors() + report->conns->open;
    json_t *stats = json_object();
    figures_set_text(stats, "server", "taskqueued/" TASKMASTER_VERSION);
    figures_set_text(stats, "boot", report->boot);
    figures_set(stats, "uptime_ms", (now_us - report->started_us) / 1000);
    json_object_set_new(stats, "draining", json_boolean(report->peers->draining));
    json_object_set_new(stats, "jobs", jobs_report(report));
    json_object_set_new(stats, "modules", modules_report(report));
    json_object_set_new(stats, "store", store_report(report));
    json_object_set_new(stats, "payloads", budget_report(report->conns->budget));
    json_object_set_new(stats, "output", budget_report(report->conns->output));
    json_object_set_new(stats, "clients", clients_report(report->peers));
    json_object_set_new(stats, "master", master_report(report, master));
    json_object_set_new(stats, "process", process_report(report->lag, now_us, descriptors));
    return figures_dump(stats);
}
