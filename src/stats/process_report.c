/* process_report: see process_report.h. */
#include "stats/process_report.h"

#include "base/clock.h"
#include "base/lag.h"
#include "base/process_memory.h"
#include "common/log.h"
#include "jobs/pools.h"
#include "stats/figures.h"
#include "stats/report.h"

#include <unistd.h>

static json_t *lag_report(const struct report *report)
{
    struct histogram turns = lag_sum(report->lag, report->pools->shared.timers->now_us);
    json_t *lag = json_object();
    figures_set(lag, "p99", histogram_quantile(&turns, 990));
    figures_set(lag, "max", turns.max);
    return lag;
}

/* Our own count: /proc does not list the descriptors of a process that has changed its user. Each
 * worker has a pipe for its output; a reload may give the log a file. */
static size_t descriptors(const struct report *report)
{
    return report->own_descriptors + log_descriptors() + *report->connections +
           pools_workers(report->pools);
}

json_t *process_report(const struct report *report)
{
    json_t *process = json_object();
    figures_set(process, "pid", (uint64_t)getpid());
    figures_set(process, "rss", process_memory_read(getpid()));
    figures_set(process, "cpu_us", clock_cpu_us());
    figures_set(process, "descriptors", descriptors(report));
    json_object_set_new(process, "loop_lag_us", lag_report(report));
    return process;
}
