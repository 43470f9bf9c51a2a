/*
 * stream: the events of a job as server-sent events: started, progress, part, retry, done, failed.
 *
 * `data` is the daemon's event as JSON. A payload is told in pieces: all but the last as `part`,
 * the last one in the event itself. Little waits for a slow reader: the daemon's connection is read
 * no further meanwhile, so its worker waits.
 */
#ifndef TASKMASTER_GATEWAY_API_STREAM_H
#define TASKMASTER_GATEWAY_API_STREAM_H

#include <stdbool.h>

struct http_exchange;
struct submit;
struct upstream;

/* Submits, and tells the events. A refusal is a problem. A kept job stays if its client goes. */
void stream_submit(struct submit *submit);

/* Tells the events of a kept job from now on; the queue knows the job. */
void stream_wait(struct http_exchange *exchange, struct upstream *queue, const char *job,
                 bool is_running);

#endif
