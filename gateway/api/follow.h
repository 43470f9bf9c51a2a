/*
 * follow: a job of the master that somebody else has submitted, seen from outside. The master tells
 * its events to the submitter alone; a monitor tells its end, and its status is asked for
 * meanwhile.
 */
#ifndef TASKMASTER_GATEWAY_API_FOLLOW_H
#define TASKMASTER_GATEWAY_API_FOLLOW_H

struct http_exchange;
struct upstream;

/* A stream of server-sent events: started, progress, done, failed. The job may have ended by now:
 * then the exchange is told 404. */
void follow_start(struct http_exchange *exchange, struct upstream *master, const char *job);

#endif
