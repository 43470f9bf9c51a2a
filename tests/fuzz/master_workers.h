/*
 * master_workers: the simulated workers of fuzz_master, both ends of them.
 *
 * They replace src/workers/link.c and follow its rules: messages of a dead worker still count;
 * after a closed connection, the master waits 200 ms for the death; a killed process is reported as
 * lost if it is not reaped within a second.
 */
#ifndef TASKMASTER_FUZZ_MASTER_WORKERS_H
#define TASKMASTER_FUZZ_MASTER_WORKERS_H

#include "input.h"
#include "master_world.h"

extern const struct dispatcher_ops sim_ops;

/* Resets the counters before a run. No simulated worker is left: each was freed with its record. */
void sims_reset(void);

/* The next `count` starts of a worker fail. */
void sims_fail_starts(unsigned count);

/* Some process acts, well or badly. */
void sim_act(struct input *input);

/* Some processes send parts, or reports on progress. */
void sims_send_parts(struct input *input);

/* The source has a reader: its account of parts is right. */
void sims_check_streams(const struct source *source);

/* The operator kills or recycles some worker. */
void sim_steer(struct input *input);

/* The master reads some messages of some worker. */
void sim_read(struct input *input);

/* The kernel lets go of some dead process. */
void sim_unstick(struct input *input);

/* Each process takes one step as a worker of ours would; then the master reads every message. */
void sims_behave(void);

/* The same without obstacles: stuck processes are let go, and a hung worker's job is cancelled, as
 * it may have no time limit. */
void sims_behave_well(void);

/* The master reaps every dead process. */
void sims_reap(void);

bool sims_are_gone(void);

/* Whether `worker` and its simulated worker point at each other. */
bool sim_is_of(const struct worker *worker);

#endif
