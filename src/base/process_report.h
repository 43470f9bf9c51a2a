/* process_report: the daemon's own process, for stats (doc/protocol.md). */
#ifndef TASKMASTER_BASE_PROCESS_REPORT_H
#define TASKMASTER_BASE_PROCESS_REPORT_H

#include "base/lag.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* `descriptors`: open ones, by the daemon's own count, because /proc does not list those of a
 * process that has changed its user. The caller owns the object. */
json_t *process_report(struct lag *lag, uint64_t now_us, size_t descriptors);

#endif
