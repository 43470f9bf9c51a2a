/* module_functions: see module_functions.h. */
#include "module_functions.h"

#include "host.h"
#include "job.h"

const struct tm_functions module_functions = {
    .size = sizeof(module_functions),
    .data = job_data,
    .id = job_id,
    .time_left_ms = job_time_left_ms,
    .reply = job_reply,
    .part = job_part,
    .progress = job_progress,
    .log = job_log,
    .fail = job_fail,
    .host_log = host_log,
    .host_fail = host_fail,
    .origin = job_origin,
    .attempt = job_attempt,
    .stop_reason = job_stop_reason,
    .retry = job_retry,
    .host_pool_max = host_pool_max,
};
