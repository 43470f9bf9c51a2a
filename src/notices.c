/* notices: see notices.h. */
#include "notices.h"

#include "jobs/pools.h"

#include <stdio.h>

static bool is_ready(void *arg)
{
    return pools_are_started(arg);
}

static void write_status(void *arg, char text[NOTIFY_STATUS_MAX])
{
    const struct pools *pools = arg;
    snprintf(text, NOTIFY_STATUS_MAX, "%s%zu busy, %zu idle, %zu waiting",
             pools->shared.draining ? "draining: " : "", pools_workers_in(pools, WORKER_BUSY),
             pools_workers_in(pools, WORKER_IDLE), pools_waiting(pools));
}

const struct notify_ops master_notices = {is_ready, write_status};
