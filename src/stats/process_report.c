/* process_report: see process_report.h. */
#include "stats/process_report.h"

#include "base/clock.h"
#include "base/lag.h"
#include "base/process_memory.h"
#include "jobs/pools.h"
#include "stats/report.h"

#include <unistd.h>

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *lag_report(const struct report *report)
{
    struct histogram turns = lag_sum(report->lag, report->pools->shared.timers->now_us);
    json_t *lag = json_object();
    json_object_set_new(lag, "p99", number(histogram_quantile(&turns, 990)));
    json_object_set_new(lag, "max", number(turns.max));
    return lag;
}

/* Our own count: /proc does not list the descriptors of a process that has changed its user. Each
 * worker has a pipe for its output. */
static size_t descriptors(const struct report *report)
{
    return report->own_descriptors + *report->connections + pools_workers(report->pools);
}

json_t *process_report(const struct report *report)
{
    json_t *process = json_object();
    json_object_set_new(process, "pid", json_integer(getpid()));
    json_object_set_new(process, "rss", number(process_memory_read(getpid())));
    json_object_set_new(process, "cpu_us", number(clock_cpu_us()));
    json_object_set_new(process, "descriptors", number(descriptors(report)));
    json_object_set_new(process, "loop_lag_us", lag_report(report));
    return process;
}
