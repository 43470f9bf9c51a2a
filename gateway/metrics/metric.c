/* metric: see metric.h. */
#include "gateway/metrics/metric.h"

#include "base/figures.h"
#include "base/histogram.h"

#include <string.h>

enum { US = 1000000 };

/* The writing of one family. */
struct writing {
    struct exposition *exposition;
    const struct metric *metric;
    struct exposition_label labels[EXPOSITION_LABELS_MAX]; /* of `each`, then of `by` */
};

static uint64_t value_of(const json_t *figure, const char *zero)
{
    const char *text = json_string_value(figure);
    return text ? !zero || strcmp(text, zero) != 0 : figures_get(figure);
}

static void write_value(const struct writing *writing, const json_t *figure)
{
    const struct metric *metric = writing->metric;
    if (figure)
        exposition_sample(writing->exposition, "", writing->labels, value_of(figure, metric->zero),
                          metric->scale ? metric->scale : 1);
}

/* --- histograms --- */

/* The counter's values are below 2^(n+1) microseconds. Two counters are one bucket: 21 buckets tell
 * as much as a chart shows. The last counter has everything above. */
static void write_buckets(const struct writing *writing, const json_t *counts, uint64_t *sum)
{
    char bound[EXPOSITION_VALUE_MAX];
    struct exposition_label labels[EXPOSITION_LABELS_MAX] = {writing->labels[0], {"le", bound}};
    for (size_t n = 0; n < HISTOGRAM_BUCKETS; n++) {
        *sum += figures_get(json_array_get(counts, n));
        if (n % 2 != 0)
            continue;
        if (n == HISTOGRAM_BUCKETS - 1)
            strcpy(bound, "+Inf");
        else
            exposition_value(bound, UINT64_C(2) << n, US);
        exposition_sample(writing->exposition, "_bucket", labels, *sum, 1);
    }
}

static void write_histogram(const struct writing *writing, const json_t *times)
{
    uint64_t count = 0;
    if (!times)
        return;
    write_buckets(writing, json_object_get(times, "counts"), &count);
    exposition_sample(writing->exposition, "_sum", writing->labels,
                      figures_get(json_object_get(times, "sum")), US);
    exposition_sample(writing->exposition, "_count", writing->labels, count, 1);
}

/* --- labels --- */

static void write_words(struct writing *writing, const json_t *figures)
{
    for (const char *const *word = writing->metric->words; *word; word++) {
        writing->labels[1].value = *word;
        write_value(writing, json_object_get(figures, *word));
    }
}

static void write_members(struct writing *writing, const json_t *figures)
{
    const char *name;
    json_t *figure;
    json_object_foreach ((json_t *)figures, name, figure) {
        writing->labels[1].value = name;
        write_value(writing, figure);
    }
}

/* One object, or the whole. */
static void write_one(struct writing *writing, const json_t *object)
{
    const struct metric *metric = writing->metric;
    const json_t *figure = figures_find(object, metric->path);
    if (metric->type == EXPOSITION_HISTOGRAM)
        write_histogram(writing, figure);
    else if (!metric->by)
        write_value(writing, figure);
    else if (metric->words)
        write_words(writing, figure);
    else
        write_members(writing, figure);
}

void metric_write(struct exposition *exposition, const char *prefix, const struct metric *metric,
                  const json_t *stats)
{
    struct writing writing = {exposition, metric, {{metric->label, NULL}, {metric->by, NULL}}};
    const char *name;
    json_t *object;
    exposition_family(exposition, prefix, metric->name, metric->type, metric->help);
    if (!metric->each) {
        write_one(&writing, stats);
        return;
    }
    json_object_foreach ((json_t *)json_object_get(stats, metric->each), name, object) {
        writing.labels[0].value = name;
        write_one(&writing, object);
    }
}
