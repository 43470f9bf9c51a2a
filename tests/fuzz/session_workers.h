/*
 * session_workers: the worker processes of fuzz_session. They connect, send their token, claim and
 * answer jobs, lie, scribble over the shared memory, print, and die. Strangers knock at the
 * workers' port, too.
 */
#ifndef TASKMASTER_FUZZ_SESSION_WORKERS_H
#define TASKMASTER_FUZZ_SESSION_WORKERS_H

#include "session_bytes.h"
#include "workers/workers.h"

/* Workers connect to `of_master`. */
void procs_reset(struct workers *of_master);

/* One process acts as the input says. */
void procs_act(struct input *input);

/* Each process takes one step, like a real worker. */
void procs_go_on(void);

/* A stranger acts as the input says. */
void strangers_act(struct input *input);

void strangers_leave(void);

#endif
