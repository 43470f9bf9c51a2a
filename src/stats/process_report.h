/* process_report: the server's own process, for stats (doc/protocol.md). */
#ifndef TASKMASTER_STATS_PROCESS_REPORT_H
#define TASKMASTER_STATS_PROCESS_REPORT_H

#include <jansson.h>

struct report;

/* The caller owns the object. */
json_t *process_report(const struct report *report);

#endif
