/*
 * redis_lease: how much is left of this node's lease, by the monotonic clock.
 *
 * The lease counts from when its renewal was sent: the store counts from later on. So what is over
 * here may last in the store, and never the other way round.
 */
#ifndef TASKMASTER_QUEUE_REDIS_LEASE_H
#define TASKMASTER_QUEUE_REDIS_LEASE_H

#include <stdbool.h>
#include <stdint.h>

enum redis_lease_level {
    REDIS_LEASE_FINE,
    REDIS_LEASE_SHORT, /* 6/10 are over: runs are to be stopped */
    REDIS_LEASE_LAST,  /* 8/10: with force */
    REDIS_LEASE_OVER,
};

struct redis_lease {
    uint64_t from_us, lease_us;
    enum redis_lease_level level; /* as looked at last */
};

/* A renewal that was sent at `sent_us` has been answered. */
void redis_lease_renew(struct redis_lease *lease, uint64_t sent_us);

/* True: the level has risen. */
bool redis_lease_look(struct redis_lease *lease, uint64_t now_us);

/* When the level rises next; 0: it cannot. */
uint64_t redis_lease_next(const struct redis_lease *lease);

#endif
