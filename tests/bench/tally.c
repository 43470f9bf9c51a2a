/* tally: see tally.h. */
#include "tally.h"

#include "stream.h"

#include "common/xmalloc.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 1 << 16 };

uint64_t tally_sent(struct tally *tally)
{
    if (tally->sent == tally->capacity) {
        tally->capacity = tally->capacity ? tally->capacity * 2 : FIRST_CAPACITY;
        tally->sent_ns = xrealloc(tally->sent_ns, tally->capacity * sizeof *tally->sent_ns);
        tally->away_ns = xrealloc(tally->away_ns, tally->capacity * sizeof *tally->away_ns);
    }
    tally->sent_ns[tally->sent] = now_ns();
    return tally->sent++;
}

void tally_done(struct tally *tally, uint64_t number)
{
    if (number >= tally->sent || !tally->sent_ns[number])
        die("job %llu came back, but is not in flight", (unsigned long long)number);
    uint64_t away = now_ns() - tally->sent_ns[number];
    tally->sent_ns[number] = 0;
    tally->away_ns[tally->done++] = away < UINT32_MAX ? (uint32_t)away : UINT32_MAX;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

double tally_percentile(struct tally *tally, double percent)
{
    if (!tally->done)
        return 0;
    qsort(tally->away_ns, tally->done, sizeof *tally->away_ns, compare);
    uint64_t index = (uint64_t)((double)tally->done * percent / 100);
    return tally->away_ns[index < tally->done ? index : tally->done - 1] / 1e3;
}

void tally_free(struct tally *tally)
{
    free(tally->sent_ns);
    free(tally->away_ns);
    memset(tally, 0, sizeof *tally);
}
