/* job_report: kept jobs as JSON, for status and jobs. */
#ifndef TASKMASTER_QUEUE_CLIENTS_JOB_REPORT_H
#define TASKMASTER_QUEUE_CLIENTS_JOB_REPORT_H

#include "base/json_writer.h"
#include "queue/clients/state_name.h"

#include <stdint.h>

/* Writes an object, the next item of a list. `now_ms` is since 1970. */
void queue_job_report_write(struct json_writer *json, const struct stored_job *stored,
                            enum queue_state_word state, uint64_t now_ms);

/* The text of one job; the caller frees it. */
char *queue_job_report(const struct kept *job, uint64_t now_ms);

#endif
