/* send: sends a request with its payload, for tm_client_next() to take its events. Above
 * connection; below client_submit and client_ask. */
#ifndef TASKMASTER_CLIENT_LIB_SEND_H
#define TASKMASTER_CLIENT_LIB_SEND_H

#include "connection.h"

/* Returns OK, or INVALID if there is no payload, or a larger one than the server takes. */
tm_client_status tmc_send_check_payload(tm_client *client, const void *data, size_t size);

/*
 * Sends the request with the id `job->id`, the one behind client->last_id. Returns OK, TIMEOUT,
 * MEMORY or the connection's end; on any but OK nothing was sent. OK: the job is in flight, and
 * later calls send the bytes not taken by the socket in time. With `timeout_ms` 0 the call does not
 * read.
 */
tm_client_status tmc_send(tm_client *client, const struct tmc_request *request, const void *data,
                          size_t size, const struct tmc_job *job, int timeout_ms);

#endif
