/*
 * metrics: the figures of the daemons for Prometheus. Pure functions, from the JSON of `stats` to
 * text.
 *
 * Names and labels are a promise to dashboards and alerts: doc/http.md lists them. No job's id is a
 * label: each would be a series for ever.
 */
#ifndef TASKMASTER_GATEWAY_METRICS_METRICS_H
#define TASKMASTER_GATEWAY_METRICS_METRICS_H

#include "gateway/metrics/exposition.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct metric;

/* A kind of daemon. */
struct metrics_kind {
    const char *prefix;
    const struct metric *rows;
    size_t count;
};

extern const struct metrics_kind metrics_master, metrics_queue, metrics_gateway;

/* When a daemon was started. Its stats tell how long ago, in its own milliseconds; a time made
 * anew from each answer would jump, and each jump would look like a restart. */
struct metrics_start {
    char boot[32];  /* the start that is known; "" none */
    uint64_t at_ms; /* since 1970 */
};

/* Notes another start of the daemon than the known one. */
void metrics_start_note(struct metrics_start *start, const json_t *stats, uint64_t now_ms);

/* Writes the families of a daemon; `stats` is NULL if it does not answer: then `up` alone, which
 * is 0. */
void metrics_write(struct exposition *exposition, const struct metrics_kind *kind,
                   const json_t *stats, const struct metrics_start *start);

#endif
