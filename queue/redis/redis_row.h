/* redis_row: a row of a script's answer (lua/README.md) as a job. */
#ifndef TASKMASTER_QUEUE_REDIS_ROW_H
#define TASKMASTER_QUEUE_REDIS_ROW_H

#include "queue/store/stored.h"

struct redis_reply;

/* From malloc(), for the node of `epoch`. NULL: the row is no job of ours. */
struct stored_job *redis_row_read(const struct redis_reply *row, uint64_t epoch);

/* The epoch of the node with the job; 0: none has it. */
uint64_t redis_row_holder(const struct redis_reply *row);

#endif
