/* top_world: a model of `top` with many pools, modules, jobs and workers, for several tests. */
#ifndef TASKMASTER_TESTS_UNIT_CLIENT_CLI_TOP_WORLD_H
#define TASKMASTER_TESTS_UNIT_CLIENT_CLI_TOP_WORLD_H

#include "client/cli/top_model.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

static inline json_t *world_times(int p50)
{
    return json_pack("{si si si si s[iii]}", "p50", p50, "p90", 2 * p50, "p99", 3 * p50, "max",
                     4 * p50, "counts", 1, 2, 3);
}

static inline json_t *world_pool(int busy)
{
    return json_pack("{s{si si si si si si si} s{si si} sb sb so so si}", "pool", "starting", 0,
                     "idle", 3, "busy", busy, "dead", 0, "stopping", 0, "max", 300, "exits", 7,
                     "queue", "waiting", 12, "oldest_ms", 3400, "paused", 0, "removed", 0,
                     "wait_us", world_times(90), "run_us", world_times(2500), "longest_ms", 4200);
}

static inline json_t *world_module(int n)
{
    return json_pack("{si si si si s{ss} so so si si si}", "done", 1000 * n, "failed", n % 3,
                     "running", n % 5, "waiting", n, "breaker", "state", n == 7 ? "open" : "closed",
                     "wait_us", world_times(10 * n), "run_us", world_times(100 * n), "longest_ms",
                     n, "bytes_in", 4096 * n, "bytes_out", 100);
}

static inline json_t *world_stats(int modules)
{
    char name[32];
    json_t *list = json_object();
    for (int n = 0; n < modules; n++) {
        snprintf(name, sizeof name, "module_%02d", n);
        json_object_set_new(list, name, world_module(n));
    }
    return json_pack(
        "{ss ss si sb s{si si si si si si si} s{si si si si} s{si si} s{si s{si} s{si} si si} "
        "s{si} s{so so} so s{si si si s{si si}}}",
        "server", "taskmasterd/0.2.0", "boot", "k3f9", "uptime_ms", 11520000, "draining", 0, "pool",
        "starting", 1, "idle", 3, "busy", 250, "dead", 1, "stopping", 0, "max", 300, "exits", 7,
        "queue", "waiting", 12, "oldest_ms", 3400, "bytes", 1000, "bytes_max", 268435456, "output",
        "bytes", 0, "bytes_max", 536870912, "jobs", "done", 123456, "failed", "error", 12,
        "overload", "queue-full", 3, "orphaned", 4, "running", 250, "clients", "connected", 12,
        "pools", "default", world_pool(240), "slow", world_pool(10), "modules", list, "process",
        "rss", 4400000, "cpu_us", 5000000, "descriptors", 34, "loop_lag_us", "p99", 90, "max",
        2100);
}

static inline json_t *world_workers(int count)
{
    char job[32];
    json_t *list = json_array();
    for (int n = 1; n <= count; n++) {
        snprintf(job, sizeof job, "k3f9-%d", n);
        json_array_append_new(list, json_pack("{si si ss ss ss ss si si si si si sn}", "id", n,
                                              "pid", 100000 + n, "pool", "default", "state", "busy",
                                              "job", job, "module", "module_01", "since_ms", 10 * n,
                                              "jobs_done", n, "jobs_failed", 0, "rss_kb", 1700,
                                              "age_ms", 60000, "ending"));
    }
    return list;
}

static inline json_t *world_jobs(int count)
{
    char job[32];
    json_t *list = json_array();
    for (int n = 1; n <= count; n++) {
        snprintf(job, sizeof job, "k3f9-%d", n);
        json_array_append_new(list, json_pack("{ss ss ss ss si si si ss s{ss} s{sf ss} si}", "job",
                                              job, "module", "module_01", "pool", "default",
                                              "state", "running", "run_ms", 10 * n, "wait_ms", 3,
                                              "worker", n, "owner", "web", "client", "name",
                                              "thumbs", "progress", "fraction", 0.42, "message",
                                              "half \033[31m way", "size", 5000));
    }
    return list;
}

static inline void world_take(struct top_model *model, json_t *stats, json_t *jobs, json_t *workers,
                              int64_t now_ms)
{
    top_model_take_stats(model, stats, now_ms);
    if (jobs)
        top_model_take_jobs(model, jobs, false);
    top_model_take_workers(model, workers);
    json_decref(stats);
    json_decref(jobs);
    json_decref(workers);
}

#endif
