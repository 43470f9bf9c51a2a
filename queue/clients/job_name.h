/* job_name: the names of kept jobs: "q" and the number. */
#ifndef TASKMASTER_QUEUE_CLIENTS_JOB_NAME_H
#define TASKMASTER_QUEUE_CLIENTS_JOB_NAME_H

#include "protocol/event_writer.h"

#include <stdint.h>

enum { JOB_NAME_MAX = 64 }; /* bytes of a name, as a client writes it */

/* The number of the job with this name; 0 for any other text. */
uint64_t job_name_read(const char *name);

/* The field `job`. */
void job_name_write(struct event_writer *event, uint64_t seq);

#endif
