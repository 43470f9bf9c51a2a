/* crash_report: the answer to crashes (doc/protocol.md), as JSON text. */
#ifndef TASKMASTER_STATS_CRASH_REPORT_H
#define TASKMASTER_STATS_CRASH_REPORT_H

#include "stats/report.h"

/* The crashes of the module, or of all modules for "", the last one first. The caller frees the
 * text. */
char *report_crashes(const struct report *report, const char *module);

#endif
