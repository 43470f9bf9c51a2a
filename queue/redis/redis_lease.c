/* redis_lease: see redis_lease.h. */
#include "queue/redis/redis_lease.h"

static const uint64_t tenths[] = {
    [REDIS_LEASE_FINE] = 0,
    [REDIS_LEASE_SHORT] = 6,
    [REDIS_LEASE_LAST] = 8,
    [REDIS_LEASE_OVER] = 10,
};

static uint64_t begin_of(const struct redis_lease *lease, enum redis_lease_level level)
{
    return lease->from_us + lease->lease_us * tenths[level] / 10;
}

void redis_lease_renew(struct redis_lease *lease, uint64_t sent_us)
{
    if (sent_us < lease->from_us)
        return;
    lease->from_us = sent_us;
    lease->level = REDIS_LEASE_FINE;
}

bool redis_lease_look(struct redis_lease *lease, uint64_t now_us)
{
    enum redis_lease_level before = lease->level;
    while (lease->level < REDIS_LEASE_OVER && now_us >= begin_of(lease, lease->level + 1))
        lease->level++;
    return lease->level != before;
}

uint64_t redis_lease_next(const struct redis_lease *lease)
{
    return lease->level < REDIS_LEASE_OVER ? begin_of(lease, lease->level + 1) : 0;
}
