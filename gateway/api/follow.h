/*
 * follow: a job of the master that somebody else has submitted, seen from outside. The master tells
 * its events to the submitter alone; a monitor tells its end, and its status is asked for
 * meanwhile.
 */
#ifndef TASKMASTER_GATEWAY_API_FOLLOW_H
#define TASKMASTER_GATEWAY_API_FOLLOW_H

#include <jansson.h>
#include <stdint.h>

struct http_exchange;
struct upstream;

/* A stream of server-sent events: started, progress, done, failed. `status` is the job's now. */
void follow_start(struct http_exchange *exchange, struct upstream *master, const json_t *status);

#endif
