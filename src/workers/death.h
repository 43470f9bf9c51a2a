/* clang-format off */
/*
 * worker_death: how a worker's end is brought about, noticed, awaited and told. All of it is here.
 *
 * A worker has two ends, its process and its connection, and they are seen in either order:
 *
 *     process first:     its socket is read until it is empty, then the dispatcher is told of the
 *                        loss. A whole result sent before the death is a result. (EOF is not
 *                        awaited: a grandchild may hold the socket open.)
 *     connection first:  its exit status is awaited for 200 ms, then it is killed
 *
 * Either way, the reaping is the end, and frees the record. If a killed process is not reaped within
 * a second (it hangs in the kernel), the end of its job is told without more waiting.
 */
/* clang-format on */
#ifndef TASKMASTER_WORKERS_DEATH_H
#define TASKMASTER_WORKERS_DEATH_H

#include "workers/link.h"

#include <stdbool.h>

/* To be called once for a new link. */
void worker_death_init(struct worker_link *link);

/* Kills the process. Does nothing after its reaping. */
void worker_death_kill(struct worker_link *link);

/* The worker broke its protocol: logs the fault, closes the connection and kills the process. */
void worker_death_break_off(struct worker_link *link, const char *fault);

/* The connection has ended, or a write to it failed. In the second case everything sent before is
 * still to be read, and counts. */
void worker_death_disconnected(struct worker_link *link);

/* Reaps the process if it is dead, and tells the dispatcher. Returns true if the link is gone. */
bool worker_death_reap(struct worker_link *link);

/* Reaps one dead child, of any kind. Returns false if there is none. */
bool worker_death_reap_any(struct workers *workers);

/* Learns everything there is to know of the worker by now: its death, its messages, its results.
 * Returns false if the link is gone. */
bool worker_death_poll(struct worker_link *link);

#endif
