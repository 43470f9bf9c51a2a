/* report_json: the outcome of a job or a call, as a line of JSON. Each function returns a line with
 * its LF, without control characters, to be freed by the caller; `*len` gets its length. */
#ifndef TASKMASTER_CLIENT_CLI_REPORT_JSON_H
#define TASKMASTER_CLIENT_CLI_REPORT_JSON_H

#include "taskmaster/client.h"

#include <jansson.h>

/* An event as received, without the request's id. `line` is added unless it is 0. The payload is
 * `payload` if it is text, else `payload_base64`. */
char *report_json_event(const tm_client_event *event, uint64_t line, size_t *len);

/* The error event of a failed call. */
char *report_json_error(const tm_client *client, size_t *len);

/* An event of our own, of the same shape, for a line of input without an event. */
char *report_json_fault(const char *name, const char *message, uint64_t line, size_t *len);

/* Any value. Takes it. */
char *report_json_line(json_t *value, size_t *len);

/* Returns a text as a value. JSON holds UTF-8 alone: in other texts (an address, a message with an
 * address), '?' replaces each byte beyond ASCII. */
json_t *report_json_text(const char *text);

#endif
