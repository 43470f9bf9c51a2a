/*
 * shutdown: the end of taskmaster-http, in phases. None comes twice:
 *
 *     RUNNING   --(an end is asked for)--> DRAINING: nothing is listened to; requests go on
 *     DRAINING  --(no connection)--------> ENDED
 *
 * DRAINING takes drain-timeout-ms at most, and ends at once when the end is asked for a second
 * time. The connections left are cut off.
 */
#ifndef TASKMASTER_GATEWAY_SHUTDOWN_H
#define TASKMASTER_GATEWAY_SHUTDOWN_H

#include "base/timers.h"
#include "gateway/own_settings.h"

struct http_server;

enum shutdown_phase {
    SHUTDOWN_RUNNING,
    SHUTDOWN_DRAINING,
    SHUTDOWN_ENDED,
};

struct shutdown {
    /* The gateway fills these in. */
    const struct end_settings *settings; /* in force */
    struct timers *timers;
    struct http_server *server;
    void (*close)(void *arg); /* stops listening, ends streams without an end of their own */
    void *arg;

    enum shutdown_phase phase;
    struct timer timer; /* DRAINING takes too long */
};

void shutdown_init(struct shutdown *shutdown);
void shutdown_free(struct shutdown *shutdown);

/* The end is asked for, once or again. `why` is for the log. */
void shutdown_ask(struct shutdown *shutdown, const char *why);

/* To be called in each turn of the loop, as the last. */
void shutdown_turn(struct shutdown *shutdown);

#endif
