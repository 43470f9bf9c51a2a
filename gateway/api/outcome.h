/* outcome: the last word about a job, as a response: a result, or a problem. */
#ifndef TASKMASTER_GATEWAY_API_OUTCOME_H
#define TASKMASTER_GATEWAY_API_OUTCOME_H

#include <stdbool.h>

struct http_exchange;
struct upstream_event;

/* Answers with a last event: `done` with 200 and the result, `failed`, `overload` and `error` with
 * a problem. */
void outcome_respond(struct http_exchange *exchange, const struct upstream_event *event);

/* The daemon is away, or was lost before its answer. `begun`: the job may have run. */
void outcome_lost(struct http_exchange *exchange, const char *why, bool begun);

#endif
