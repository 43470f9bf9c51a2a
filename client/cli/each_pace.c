/* each_pace: see each_pace.h. */
#include "each_pace.h"

#include "client/lib/deadline.h"

/* The bounds of a pause, for any advice of the server. */
enum {
    PAUSE_MIN_MS = 20,
    PAUSE_MAX_MS = 10000,
};

void each_pace_open(struct each_pace *pace, size_t jobs)
{
    *pace = (struct each_pace){.limit = jobs, .limit_max = jobs};
}

bool each_pace_allows(const struct each_pace *pace, size_t running)
{
    return running < pace->limit;
}

void each_pace_submitted(struct each_pace *pace, size_t running)
{
    pace->submitted = running;
}

/* The server had room for all jobs submitted but for the refused one. Jobs ended since the last
 * submit have left their places. */
void each_pace_overload(struct each_pace *pace, int64_t retry_after_ms)
{
    int64_t pause_ms = retry_after_ms;
    if (pause_ms < PAUSE_MIN_MS)
        pause_ms = PAUSE_MIN_MS;
    if (pause_ms > PAUSE_MAX_MS)
        pause_ms = PAUSE_MAX_MS;
    if (pace->limit > pace->submitted)
        pace->limit = pace->submitted;
    if (pace->limit > 0)
        pace->limit--;
    pace->pause_ms = (int)pause_ms;
    pace->grow_at = tmc_deadline_in(pace->pause_ms);
}

void each_pace_grow(struct each_pace *pace)
{
    if (pace->limit == pace->limit_max || !tmc_deadline_passed(pace->grow_at))
        return;
    pace->limit += pace->limit / 8 + 1;
    if (pace->limit > pace->limit_max)
        pace->limit = pace->limit_max;
    pace->grow_at = tmc_deadline_in(pace->pause_ms);
}

int each_pace_wait_ms(const struct each_pace *pace)
{
    return pace->limit < pace->limit_max ? tmc_deadline_left_ms(pace->grow_at) : -1;
}
