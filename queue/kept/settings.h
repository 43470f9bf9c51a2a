/* settings: limits of kept jobs, and how they are handed on. */
#ifndef TASKMASTER_QUEUE_KEPT_SETTINGS_H
#define TASKMASTER_QUEUE_KEPT_SETTINGS_H

#include "base/option.h"

#include <stdint.h>

struct keep_settings {
    uint32_t job_max;       /* jobs that have not ended */
    uint32_t owner_job_max; /* of these, of one owner */
    uint32_t window;        /* jobs of a module handed on and not begun yet */
    uint32_t poison_limit;  /* losses and crashes of a job before it fails */
    uint32_t hold_max_ms;   /* a module held for so long: its jobs end */
    uint32_t ack_ms;        /* an outcome after it was told, */
    uint32_t result_ttl_ms; /* until it is told, */
    uint32_t failed_ttl_ms; /* and of a failed one */
};

extern const struct option_table keep_options;

#endif
