/* reports: the reports on a job's progress, as its client sees them. */
#ifndef TORTURE_REPORTS_H
#define TORTURE_REPORTS_H

#include "history.h"

#include <jansson.h>

/* Takes an event `progress` of the job `uid`. */
void reports_take(struct job_record *job, uint32_t uid, json_t *header);

const char *reports_fault_text(enum report_fault fault);

#endif
