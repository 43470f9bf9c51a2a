/*
 * keeping: the parts of the daemon that keep jobs: the engine, the keep, and the link to the
 * master, made, connected and freed here.
 */
#ifndef TASKMASTER_QUEUE_KEEPING_H
#define TASKMASTER_QUEUE_KEEPING_H

#include "net/conn.h"
#include "queue/all_settings.h"
#include "queue/kept/keep.h"
#include "queue/master/link.h"

struct keeping {
    struct conn_loop *conns; /* borrowed; the daemon fills it in */

    const struct engine_ops *engine_ops; /* NULL until the store is opened */
    struct engine *engine;               /* likewise */
    struct keep *keep;                   /* NULL until it begins */
    struct master_link *link;            /* NULL until the master's address is known */
};

/* Each returns 0, or -1 after a line in the log. The store is opened by the user that the daemon
 * becomes: its files are that user's. */
int keeping_find_master(struct keeping *keeping, const struct queue_settings *settings);
int keeping_open_store(struct keeping *keeping, const struct queue_settings *settings);

/* Makes the keep, and connects to the master. */
void keeping_begin(struct keeping *keeping, const struct queue_settings *settings);

/* Changes the settings; those before are gone after the call. Before keeping_begin() nothing
 * happens. */
void keeping_configure(struct keeping *keeping, const struct queue_settings *settings);

/* As far as they are there. The engine's last answers go to the keep, and from there to the link.
 */
void keeping_free(struct keeping *keeping);

/* The machine's wall clock, since 1970. */
uint64_t keeping_wall_ms(void);

#endif
