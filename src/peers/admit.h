/* admit: the unauthenticated connections, and the choice of those to end (admit.c). */
#ifndef TASKMASTER_PEERS_ADMIT_H
#define TASKMASTER_PEERS_ADMIT_H

#include "base/timers.h"
#include "net/unauthenticated.h"

struct peers_admit {
    struct unauthenticated_list unauthenticated;
    struct timer sweep; /* set: some of these may have to go when it fires */
};

/* `sweep` is called with `arg` when connections may have to go. */
void peers_admit_init(struct peers_admit *admit, void (*sweep)(void *arg), void *arg);
void peers_admit_free(struct peers_admit *admit, struct timers *timers);

#endif
