/*
 * renewal: connects again by itself for what has not begun. Above approach; below the calls of
 * client.h.
 *
 * A server about to end refuses all that has not begun, and tells the ends of all else. Where its
 * socket is held for the next server (socket activation), a connection waits there meanwhile. So
 * the refusals are kept back; once nothing else is in flight, the client connects again and sends
 * those submits once more, in their order. If nobody listens at the address, the refusals are given
 * out at once. An idle client whose connection has ended connects again at its next request.
 *
 * A job that may have begun is never sent again: without the server's refusal nobody knows.
 *
 * Only calls with time to wait do this. A program with an event loop of its own, and one that takes
 * events of no request, decides for itself: its monitors and services are gone, too.
 */
#ifndef TASKMASTER_CLIENT_LIB_RENEWAL_H
#define TASKMASTER_CLIENT_LIB_RENEWAL_H

#include "connection.h"

/* Notes the way to the server: its address and our hello. Returns OK or MEMORY. */
tm_client_status tmc_renewal_prepare(tm_client *client, const char *address,
                                     const struct tmc_request *hello);

void tmc_renewal_free(tm_client *client);

/* Returns OK if a request can be sent, as tmc_connection_check() does. With time, connects again
 * where the connection of an idle client has ended; TIMEOUT: this is not over. */
tm_client_status tmc_renewal_check(tm_client *client, int timeout_ms);

/* Returns a copy of the submit, to be sent again; NULL: it is not to be, or there is no room. */
struct tmc_kept *tmc_renewal_keep(const tm_client *client, const struct tmc_request *request,
                                  const void *data, size_t size, int timeout_ms);

/* Takes note of a request before it is sent: `set` is sent to the next server too, after `bye`
 * there is none, and jobs in flight at a `cancel` or `kill` are not sent again. */
void tmc_renewal_note(tm_client *client, const char *op, const struct tmc_request *request);

#endif
