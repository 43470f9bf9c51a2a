/*
 * queue_master: the master of fuzz_queue: a table of calls in the place of a connection. It comes,
 * goes and drains, starts its jobs and ends them in all ways, and checks what it is handed.
 */
#ifndef TASKMASTER_FUZZ_QUEUE_MASTER_H
#define TASKMASTER_FUZZ_QUEUE_MASTER_H

#include "input.h"
#include "queue/kept/master.h"

extern const struct kept_master_ops queue_master_ops;

/* Begins without a connection. */
void queue_master_reset(void);

/* The connection ends. */
void queue_master_go(void);

/* Does something, as the input says. */
void queue_master_act(struct input *input);

/* Is there, and ends all jobs as done. */
void queue_master_go_on(void);

#endif
