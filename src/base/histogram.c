/* histogram: see histogram.h. */
#include "base/histogram.h"

void histogram_merge(struct histogram *sum, const struct histogram *other)
{
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        sum->counts[i] += other->counts[i];
    sum->sum += other->sum;
    if (other->max > sum->max)
        sum->max = other->max;
}

uint64_t histogram_count(const struct histogram *histogram)
{
    uint64_t count = 0;
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        count += histogram->counts[i];
    return count;
}

/* The value of a rank from 1 to the counter's count. */
static uint64_t value_in(const struct histogram *histogram, int bucket, uint64_t rank)
{
    uint64_t least = bucket ? UINT64_C(1) << bucket : 0, most = (UINT64_C(2) << bucket) - 1;
    if (most > histogram->max || bucket == HISTOGRAM_BUCKETS - 1)
        most = histogram->max;
    double part = (double)rank / (double)histogram->counts[bucket];
    return least + (uint64_t)((double)(most - least) * part);
}

uint64_t histogram_quantile(const struct histogram *histogram, unsigned thousandths)
{
    uint64_t count = histogram_count(histogram), below = 0;
    uint64_t rank = count / 1000 * thousandths + (count % 1000 * thousandths + 999) / 1000;
    if (!rank)
        return 0;
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (rank <= below + histogram->counts[i])
            return value_in(histogram, i, rank - below);
        below += histogram->counts[i];
    }
    return histogram->max;
}
