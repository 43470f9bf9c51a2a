/*
 * kept_era: the wall clock and the monotonic clock.
 *
 * The store has times of the wall clock, because they outlive the process; but the wall clock may
 * jump. A time that was set in this run has come only when the monotonic clock says so, too. The
 * store knows nothing of monotonic clocks, and memory has nothing for each delayed job. But numbers
 * grow with time: after a jump an era begins with the next number. Jobs of one era were submitted
 * under one clock, whose distance from the monotonic clock is known. The first era has the jobs of
 * earlier runs, and the wall clock alone.
 */
#include "queue/kept/kept_internal.h"

#include <string.h>

enum { JUMP_MS = 1000 }; /* smaller differences are the steering of the clock */

static int64_t offset_ms(const struct keep *keep)
{
    return (int64_t)kept_wall_ms(keep) - (int64_t)(kept_now_us(keep) / 1000);
}

static void begin(struct keep *keep)
{
    struct kept_era *eras = keep->eras;
    if (keep->era_count == KEPT_ERAS) { /* the two oldest of this run become one */
        eras[1].offset_ms = eras[2].offset_ms;
        eras[1].ripe.next_ms = eras[1].expired.next_ms = 1; /* looked at again */
        memmove(&eras[2], &eras[3], (KEPT_ERAS - 3) * sizeof *eras);
        keep->era_count--;
    }
    eras[keep->era_count++] =
        (struct kept_era){.from_seq = keep->next_seq, .offset_ms = keep->offset_ms};
}

void kept_era_init(struct keep *keep)
{
    keep->offset_ms = offset_ms(keep);
    keep->eras[0] = (struct kept_era){0};
    if (keep->next_seq > 1) /* look at once */
        keep->eras[0].ripe.next_ms = keep->eras[0].expired.next_ms = 1;
    keep->era_count = 1;
    if (!kept_is_shared(keep)) /* its clock is one */
        begin(keep);
}

bool kept_era_look(struct keep *keep, int64_t *jump_ms)
{
    int64_t now = offset_ms(keep);
    *jump_ms = now - keep->offset_ms;
    keep->offset_ms = now;
    if (kept_is_shared(keep))
        return false;
    if (*jump_ms<JUMP_MS && * jump_ms> - JUMP_MS)
        return false;
    begin(keep);
    return true;
}

struct kept_era *kept_era_of(struct keep *keep, uint64_t seq)
{
    size_t i = keep->era_count - 1;
    while (i && keep->eras[i].from_seq > seq)
        i--;
    return &keep->eras[i];
}

uint64_t kept_era_now(const struct keep *keep, const struct kept_era *era)
{
    int64_t offset = keep->offset_ms;
    if (kept_is_shared(keep))
        return kept_wall_ms(keep);
    if (era != keep->eras && era->offset_ms < offset)
        offset = era->offset_ms;
    return (uint64_t)((int64_t)(kept_now_us(keep) / 1000) + offset);
}

uint64_t kept_era_until(const struct keep *keep, const struct kept_era *era)
{
    const struct kept_era *next = era + 1;
    return next < keep->eras + keep->era_count ? next->from_seq - 1 : 0;
}
