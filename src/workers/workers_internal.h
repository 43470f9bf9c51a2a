/* clang-format off */
/*
 * workers_internal: the order of this folder's files. Each calls files further down alone; calls
 * through a table of functions or a timer do not count.
 *
 *     operations.c, workers.c    the dispatcher's operations; all workers
 *     port.c                     connections before their hello
 *     connection.c               messages of a worker: reads and checks them
 *     death.c                    the end of a worker
 *     exit.c, crash.c            its words, and its details for the client
 *     post_mortem.c              a crash, as the worker recorded it
 *     results.c                  answers, from messages and from slots
 *     link.c                     the record of a worker's process, connection and output
 *
 *     output.c, loaded.c, message.c, late.c, preloads.c, welcome.c, limits.c, process.c,
 *     claims.c, child.c
 *                                these know no link
 *
 * The files below connection.c return faults, as words. death.c acts on them.
 */
/* clang-format on */
#ifndef TASKMASTER_WORKERS_WORKERS_INTERNAL_H
#define TASKMASTER_WORKERS_WORKERS_INTERNAL_H

#include "workers/connection.h"
#include "workers/workers.h"

static inline struct timers *workers_timers(const struct workers *workers)
{
    return workers->loop->timers;
}

#endif
