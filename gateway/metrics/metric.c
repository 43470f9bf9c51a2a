/* metric: see metric.h. */
#include "gateway/metrics/metric.h"

#include "base/histogram.h"

#include <stdbool.h>
#include <string.h>

enum { US = 1000000 };

/* The writing of one family. */
struct writing {
    struct exposition *exposition;
    const struct metric *metric;
    struct exposition_label labels[EXPOSITION_LABELS_MAX]; /* of `each`, then of `by` */
};

/* The member at "queue.waiting"; NULL: there is none. */
static const json_t *find(const json_t *object, const char *path)
{
    while (path && object) {
        size_t len = strcspn(path, ".");
        object = json_object_getn(object, path, len);
        path = path[len] ? path + len + 1 : NULL;
    }
    return object;
}

/* Integers, true and false, and texts. */
static uint64_t value_of(const json_t *figure, const char *zero)
{
    if (json_is_integer(figure))
        return json_integer_value(figure) < 0 ? 0 : (uint64_t)json_integer_value(figure);
    if (json_is_string(figure))
        return !zero || strcmp(json_string_value(figure), zero) != 0;
    return json_is_true(figure);
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
        *sum += value_of(json_array_get(counts, n), NULL);
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
                      value_of(json_object_get(times, "sum"), NULL), US);
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
    json_t *figure;
    json_object_foreach ((json_t *)figures, writing->labels[1].value, figure)
        write_value(writing, figure);
}

/* One object, or the whole. */
static void write_one(struct writing *writing, const json_t *object)
{
    const struct metric *metric = writing->metric;
    const json_t *figure = find(object, metric->path);
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
    json_t *object;
    exposition_family(exposition, prefix, metric->name, metric->type, metric->help);
    if (!metric->each) {
        write_one(&writing, stats);
        return;
    }
    json_object_foreach ((json_t *)json_object_get(stats, metric->each), writing.labels[0].value,
                         object)
        write_one(&writing, object);
}
