/* connection: what a tm_client is, and the turns in which it reads, writes and sorts events. */
#ifndef TASKMASTER_CLIENT_LIB_CONNECTION_H
#define TASKMASTER_CLIENT_LIB_CONNECTION_H

#include "event.h"
#include "failure.h"
#include "jobs.h"
#include "reader.h"
#include "request.h"
#include "stream.h"

struct tm_client {
    struct tmc_stream stream;
    struct tmc_reader *reader;     /* NULL: not connected */
    struct tmc_event_queue events; /* of jobs, in order of arrival, to be handed out */
    size_t unclaimed;              /* of them, errors that are about no job */
    struct tmc_jobs jobs;          /* in flight */
    uint64_t last_id;

    /* The one request whose answer a call waits for. An answer to any other is one that came after
     * its call had given up. */
    enum { AWAITS_NOTHING, AWAITS_HELLO, AWAITS_ID } awaits;
    uint64_t awaited_id;
    struct tmc_event *answer; /* owned; NULL: not in yet */

    tm_client_status ended;   /* why the connection is over; OK while it lives */
    struct tmc_failure end;   /* the same in words */
    struct tmc_failure fatal; /* the server's last words; no text: none */

    char *server; /* owned; from its hello, NULL before */
    size_t payload_max;
    struct tmc_failure failure; /* of the last call */
};

/* Back to a client that is not connected and holds nothing, but for its last failure. */
void tmc_connection_reset(tm_client *client);

/* The events of poll(2) to wait for. */
short tmc_connection_poll_events(const tm_client *client);

/* Sends what waits and reads what is there, without blocking, a bounded amount. */
void tmc_connection_process(tm_client *client);

/* Whether what a call waits for is there. */
typedef bool tmc_condition(const tm_client *client, uint64_t id);

/*
 * Reads and writes until `ready` holds, the connection is over or the deadline has passed; looks at
 * the socket at least once unless `ready` holds already. OK, TIMEOUT, or why the connection is
 * over.
 */
tm_client_status tmc_connection_wait(tm_client *client, tmc_condition *ready, uint64_t id,
                                     int64_t deadline);

/* Sends a request and waits for its answer. OK: `*answer` is the caller's. */
tm_client_status tmc_connection_ask(tm_client *client, const struct tmc_request *request,
                                    int64_t deadline, struct tmc_event **answer);

#endif
