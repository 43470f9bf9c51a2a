/* process_report: see process_report.h. */
#include "base/process_report.h"

#include "base/clock.h"
#include "base/figures.h"
#include "base/process_memory.h"

#include <unistd.h>

static json_t *lag_report(struct lag *lag, uint64_t now_us)
{
    struct histogram turns = lag_sum(lag, now_us);
    json_t *report = json_object();
    figures_set(report, "p99", histogram_quantile(&turns, 990));
    figures_set(report, "max", turns.max);
    return report;
}

json_t *process_report(struct lag *lag, uint64_t now_us, size_t descriptors)
{
    json_t *process = json_object();
    figures_set(process, "pid", (uint64_t)getpid());
    figures_set(process, "rss", process_memory_read(getpid()));
    figures_set(process, "cpu_us", clock_cpu_us());
    figures_set(process, "descriptors", descriptors);
    json_object_set_new(process, "loop_lag_us", lag_report(lag, now_us));
    return process;
}
