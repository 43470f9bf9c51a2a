/*
 * history: the figures of the last hour, for charts: a sample of the daemons' stats every five
 * seconds. It knows no socket: the sampler (sampler.h) brings the samples.
 */
#ifndef TASKMASTER_GATEWAY_HISTORY_HISTORY_H
#define TASKMASTER_GATEWAY_HISTORY_HISTORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HISTORY_INTERVAL_MS = 5000 };

struct history;

struct history *history_new(bool has_queue);
void history_free(struct history *history); /* NULL is fine */

/* Takes a sample: the stats of the master and of the queue; NULL: no answer. */
void history_take(struct history *history, uint64_t at_ms, const json_t *master,
                  const json_t *queue);

/* The samples later than `since_ms` as JSON; the caller frees the text. */
char *history_json(const struct history *history, uint64_t since_ms);

#endif
