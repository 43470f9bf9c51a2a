/* ask: one request of the command and its answer. Above connect, report and output. */
#ifndef TASKMASTER_CLIENT_CLI_ASK_H
#define TASKMASTER_CLIENT_CLI_ASK_H

#include "settings.h"
#include "taskmaster/client.h"

#include <jansson.h>
#include <stdio.h>

/* Sends the request with its arguments from the settings. */
typedef tm_client_status ask_call(tm_client *client, const struct settings *settings,
                                  int timeout_ms, tm_client_event **answer);

/* Handles the answer. Returns the exit status. */
typedef int ask_handler(const struct settings *settings, const tm_client_event *answer);

/* Connects, asks, and hands the answer over. Returns the exit status; a failure is complained of.
 */
int ask_server(const struct settings *settings, ask_call *call, ask_handler *handle);

/* The same for any request by its name. Takes `fields`, an object; NULL: none. */
int ask_request(const struct settings *settings, const char *op, json_t *fields,
                ask_handler *handle);

/* Asks a connected client. Takes `fields`, an object; NULL: none. Otherwise as tm_client_ask(). */
tm_client_status ask_client(tm_client *client, const char *op, json_t *fields, int timeout_ms,
                            tm_client_event **answer);

/* Returns the answer's payload, to be given up with json_decref(); NULL after a complaint. */
json_t *ask_load_payload(const tm_client_event *answer, json_type type);

/* Returns the answer's fields, to be given up with json_decref(). */
json_t *ask_load_header(const tm_client_event *answer);

/* Prints the answer's event as JSON. Returns the exit status. */
int ask_print_event(const struct settings *settings, const tm_client_event *answer);

/* Takes the value. Prints it with --json, or else lets `print` do it. Returns the exit status. */
int ask_print_value(const struct settings *settings, json_t *value,
                    void (*print)(FILE *out, const json_t *value));

#endif
