/*
 * connection: a tm_client's data, and all its input and output. The calls of client.h
 * stand above it, in client.c and client_*.c; no file below knows struct tm_client.
 *
 *     client, client_connect, client_requests, client_next
 *     client_submit, client_ask -> send
 *         -> renewal -> approach -> hello
 *         -> connection
 *             -> inbox -> event -> event_kind       sorts events
 *             |        -> jobs
 *             -> reader -> message, event_kind      bytes in
 *             -> stream                             bytes out
 *             -> request                            headers of requests
 *         -> opening -> address                     the way to a socket
 *     all -> failure -> clean;  deadline
 */
#ifndef TASKMASTER_CLIENT_LIB_CONNECTION_H
#define TASKMASTER_CLIENT_LIB_CONNECTION_H

#include "failure.h"
#include "inbox.h"
#include "opening.h"
#include "reader.h"
#include "request.h"
#include "stream.h"

struct tmc_renewal;

struct tmc_name {
    struct tmc_name *next;
    char text[];
};

struct tm_client {
    struct tmc_stream stream;
    struct tmc_reader *reader; /* owned; NULL: not connected */
    struct tmc_inbox inbox;
    uint64_t last_id; /* of a request */

    struct tmc_opening *opening; /* owned; NULL: connected, or not begun without waiting */
    /* Goes on with the opening, before and after the reading of a turn; NULL: it is over. Returns
     * false while there is nothing to read or write. */
    bool (*advance)(tm_client *client);

    tm_client_status ended; /* the reason for the connection's end; OK while it lives */
    struct tmc_failure end; /* the same in words */

    struct tmc_name *names; /* owned; from the servers' hellos, the last server's first */
    /* The way to the next server (renewal.h); NULL: there is none. Owned. */
    struct tmc_renewal *renewal;
    /* Decides about refusals kept back, and about the connection's end; NULL: nobody does. `waits`:
     * the call has time for another server. */
    void (*settle)(tm_client *client, bool waits);

    size_t payload_max;
    struct tmc_failure failure; /* of the last call */
};

/* Makes a zeroed client usable. */
void tmc_connection_init(tm_client *client);

/* Disconnects and frees everything but the renewal (renewal.h). Only the last failure stays. */
void tmc_connection_reset(tm_client *client);

/* Closes the connection for another one: jobs in flight and queued events stay. Returns OK or
 * MEMORY. */
tm_client_status tmc_connection_reopen(tm_client *client);

/* Returns OK if a request can be sent; else INVALID or the reason for the connection's end. */
tm_client_status tmc_connection_check(tm_client *client);

/* Returns the events of poll(2) to wait for. */
short tmc_connection_poll_events(const tm_client *client);

/* Writes and reads without blocking, a bounded amount. */
void tmc_connection_process(tm_client *client);

/* Returns true once the caller of tmc_connection_wait() can go on. */
typedef bool tmc_condition(const tm_client *client, uint64_t id);

/*
 * Writes and reads until `ready` holds. Looks at the socket at least once, unless `ready` holds
 * already. Returns OK, TIMEOUT, or the reason for the connection's end.
 */
tm_client_status tmc_connection_wait(tm_client *client, tmc_condition *ready, uint64_t id,
                                     int64_t deadline);

/* Sends a request with the id behind client->last_id, and waits for its answer. OK: `*answer` is
 * the caller's; otherwise it is NULL. `answer` may be NULL. */
tm_client_status tmc_connection_ask(tm_client *client, const struct tmc_request *request,
                                    const void *data, size_t size, int64_t deadline,
                                    tm_client_event **answer);

/* Sends the hello, and waits for its answer. OK: `*answer` is the caller's; otherwise NULL. */
tm_client_status tmc_connection_greet(tm_client *client, const struct tmc_request *hello,
                                      int64_t deadline, struct tmc_event **answer);

#endif
