/*
 * metric: one family of metrics as a row: where its figures stand in the JSON of a daemon's
 * `stats`. A daemon is a table of rows (master.c, queue.c).
 */
#ifndef TASKMASTER_GATEWAY_METRICS_METRIC_H
#define TASKMASTER_GATEWAY_METRICS_METRIC_H

#include "gateway/metrics/exposition.h"

#include <jansson.h>
#include <stdint.h>

struct metric {
    const char *name; /* without the daemon's prefix */
    const char *help;
    enum exposition_type type;
    const char *each;  /* "pools": a sample for each member of this object; NULL: of the whole */
    const char *label; /* with `each`: the label for the member's name */
    const char *path;  /* the figure in it: "queue.waiting"; NULL: it is the member itself */
    const char *by;    /* the figure is an object: a sample for each member, with this label */
    const char *const *words; /* with `by`: these members, up to NULL. NULL: all */
    const char *zero;         /* the figure is a text: 0 if it is this one, else 1 */
    uint32_t scale;           /* the figure is so many times the value's unit; 0: once */
};

/* Writes the family. A figure that the daemon does not tell has no sample. */
void metric_write(struct exposition *exposition, const char *prefix, const struct metric *metric,
                  const json_t *stats);

#endif
