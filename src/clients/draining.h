/* draining: the clients yet to be told that the server drains (draining.c). */
#ifndef TASKMASTER_CLIENTS_DRAINING_H
#define TASKMASTER_CLIENTS_DRAINING_H

#include "base/timers.h"

struct client_session;

struct client_draining {
    struct client_session *next; /* to be told; NULL: none */
    struct timer timer;          /* set: the next batch is told in the next turn */
};

/* `tell` is called with `arg` when a batch is due. */
void client_draining_init(struct client_draining *draining, void (*tell)(void *arg), void *arg);
void client_draining_free(struct client_draining *draining, struct timers *timers);

#endif
