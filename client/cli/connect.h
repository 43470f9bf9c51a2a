/* connect: the way to a connected client. Above report and token. */
#ifndef TASKMASTER_CLIENT_CLI_CONNECT_H
#define TASKMASTER_CLIENT_CLI_CONNECT_H

#include "settings.h"
#include "taskmaster/client.h"

/* Returns a connected client, to be freed with tm_client_free(); or NULL after a complaint, with
 * `*exit_status` set. */
tm_client *connect_to_server(const struct settings *settings, int *exit_status);

/* The same for a job, which is worth more patience: while a server drains, connections wait for the
 * next one. */
tm_client *connect_to_submit(const struct settings *settings, int *exit_status);

/* The same where a server may be between its end and its start: tries for `wait_ms`, or until
 * `wake_fd` is readable. */
tm_client *connect_again(const struct settings *settings, uint32_t wait_ms, int wake_fd,
                         int *exit_status);

/* The same for a client that takes the events of no request: of monitors, watches and services. */
tm_client *connect_to_listen(const struct settings *settings, int *exit_status);

/* For a server that ends: true if the next one listens at its address, or somebody does for it.
 * Then connect_again() is worth CONNECT_NEXT_MS. */
enum { CONNECT_NEXT_MS = 60000 };
bool connect_has_next(const struct settings *settings);

/* Tries to connect, without a complaint. Returns a client to be freed; it is connected if `*status`
 * is OK, and otherwise has the reason. Returns NULL after a complaint about the token's file. */
tm_client *connect_try(const struct settings *settings, tm_client_status *status);

/* True if the server is taskqueued. */
bool connect_is_queue(const tm_client *client);

#endif
