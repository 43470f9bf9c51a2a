/* draining: the clients yet to be told that the server drains (draining.c). */
#ifndef TASKMASTER_PEERS_DRAINING_H
#define TASKMASTER_PEERS_DRAINING_H

#include "base/timers.h"

struct peer;

struct peers_draining {
    struct peer *next;  /* to be told; NULL: none */
    struct timer timer; /* set: the next batch is told in the next turn */
};

/* `tell` is called with `arg` when a batch is due. */
void peers_draining_init(struct peers_draining *draining, void (*tell)(void *arg), void *arg);
void peers_draining_free(struct peers_draining *draining, struct timers *timers);

#endif
