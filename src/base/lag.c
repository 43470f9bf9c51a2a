/* lag: see lag.h. */
#include "base/lag.h"

/* Forgets the parts that are over a minute old. */
static void move_on(struct lag *lag, uint64_t now_us)
{
    uint64_t part = now_us / LAG_PART_US;
    if (part <= lag->part)
        return;
    uint64_t first = part - lag->part < LAG_PARTS ? lag->part + 1 : part + 1 - LAG_PARTS;
    for (; first <= part; first++)
        lag->parts[first % LAG_PARTS] = (struct histogram){.max = 0};
    lag->part = part;
}

void lag_add(struct lag *lag, uint64_t us, uint64_t now_us)
{
    move_on(lag, now_us);
    histogram_add(&lag->parts[lag->part % LAG_PARTS], us);
}

struct histogram lag_sum(struct lag *lag, uint64_t now_us)
{
    struct histogram sum = {.max = 0};
    move_on(lag, now_us);
    for (int i = 0; i < LAG_PARTS; i++)
        histogram_merge(&sum, &lag->parts[i]);
    return sum;
}
