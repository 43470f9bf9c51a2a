/* parts: the parts of a job, as its client sees them. */
#ifndef TORTURE_PARTS_H
#define TORTURE_PARTS_H

#include "history.h"

#include <jansson.h>

/* Notes a part in its job's record, and the first fault. */
void parts_take(struct job_record *job, json_t *header, const char *payload, size_t size);

/* "a part out of order" and so on. */
const char *parts_fault_text(enum part_fault fault);

#endif
