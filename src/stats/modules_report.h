/* modules_report: the answer to modules (doc/protocol.md), as JSON text. */
#ifndef TASKMASTER_STATS_MODULES_REPORT_H
#define TASKMASTER_STATS_MODULES_REPORT_H

#include "stats/report.h"

enum { MODULES_REPORT_MAX = 1000 }; /* modules of an answer */

/* The caller frees the text. */
char *report_modules(const struct report *report);

#endif
