/* functions: see functions.h. */
#include "functions.h"

#include "host.h"
#include "job.h"

const struct tm_functions worker_functions = {
    .size = sizeof(worker_functions),
    .data = job_data,
    .id = job_id,
    .time_left_ms = job_time_left_ms,
    .reply = job_reply,
    .part = job_reply, /* the protocol has no part event yet */
    .progress = job_progress,
    .log = job_log,
    .fail = job_fail,
    .host_log = host_log,
    .host_fail = host_fail,
};
