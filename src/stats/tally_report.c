/* tally_report: see tally_report.h. */
#include "stats/tally_report.h"

#include "base/figures.h"
#include "jobs/pools.h"
#include "jobs/tally.h"
#include "stats/report.h"

/* {"p50":...,"p90":...,"p99":...,"max":...,"sum":...,"counts":[...]} */
static json_t *histogram_report(const struct histogram *histogram)
{
    json_t *object = json_object(), *counts = json_array();
    figures_set(object, "p50", histogram_quantile(histogram, 500));
    figures_set(object, "p90", histogram_quantile(histogram, 900));
    figures_set(object, "p99", histogram_quantile(histogram, 990));
    figures_set(object, "max", histogram->max);
    figures_set(object, "sum", histogram->sum);
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        json_array_append_new(counts, json_integer((json_int_t)histogram->counts[i]));
    json_object_set_new(object, "counts", counts);
    return object;
}

void tally_report_add(json_t *object, const struct tally *tally)
{
    json_object_set_new(object, "wait_us", histogram_report(&tally->wait_us));
    json_object_set_new(object, "run_us", histogram_report(&tally->run_us));
    figures_set(object, "bytes_in", tally->bytes_in);
    figures_set(object, "bytes_out", tally->bytes_out);
    figures_set(object, "longest_ms", 0);
    figures_set_text(object, "longest_job", NULL);
}

/* `object` may be NULL: a module without a file so far is left out. */
static void note(json_t *object, const struct report *report, const struct job *job)
{
    char name[JOB_TEXT_MAX];
    const uint64_t now_us = report->pools->shared.timers->now_us;
    uint64_t ms = job->run.begun_us ? (now_us - job->run.begun_us) / 1000 : 0;
    const json_t *known = json_object_get(object, "longest_job");
    uint64_t most = (uint64_t)json_integer_value(json_object_get(object, "longest_ms"));
    if (!object || (!json_is_null(known) && ms <= most))
        return;
    figures_set(object, "longest_ms", ms);
    figures_set_text(object, "longest_job", job_name(job, report->boot, name));
}

static void note_worker(const struct report *report, const struct worker *worker, json_t *pools,
                        json_t *modules)
{
    if (!worker->job)
        return;
    note(json_object_get(pools, dispatcher_of(worker)->name), report, worker->job);
    note(json_object_get(modules, worker->job->asked.module->name), report, worker->job);
}

void tally_report_longest(const struct report *report, json_t *pools, json_t *modules)
{
    static const enum worker_state on_a_job[] = {WORKER_BUSY, WORKER_STOPPING};
    const struct dispatcher *d;
    const struct worker *worker;
    POOLS_EACH (d, report->pools)
        for (size_t i = 0; i < sizeof on_a_job / sizeof *on_a_job; i++)
            TAILQ_FOREACH (worker, &d->pool.lists[on_a_job[i]], link)
                note_worker(report, worker, pools, modules);
}
