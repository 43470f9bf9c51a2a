/* breaker_report: a module's breaker, for stats and modules (doc/protocol.md). */
#ifndef TASKMASTER_STATS_BREAKER_REPORT_H
#define TASKMASTER_STATS_BREAKER_REPORT_H

#include "jobs/module_breaker.h"

#include <jansson.h>

/* The caller owns the object. */
json_t *breaker_report(const struct module_breaker *breaker, uint64_t now_us);

#endif
