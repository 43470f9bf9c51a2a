/*
 * session_workers: what the worker processes of fuzz_session do: they connect, prove themselves,
 * claim and answer jobs, lie, scribble over the memory that they share with the master, print, and
 * die. And strangers, who knock at the workers' port.
 */
#ifndef TASKMASTER_FUZZ_SESSION_WORKERS_H
#define TASKMASTER_FUZZ_SESSION_WORKERS_H

#include "session_bytes.h"
#include "workers/workers.h"

/* `of_master` is where they connect to. */
void procs_reset(struct workers *of_master);

/* One of the processes does what the input says. */
void procs_act(struct input *input);

/* Each goes one step on as a worker of ours would. */
void procs_go_on(void);

/* A stranger does what the input says. */
void strangers_act(struct input *input);

void strangers_leave(void);

#endif
