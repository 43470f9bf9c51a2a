/* report: how a job's end is told: an exit status, a line for people, a line of JSON. */
#ifndef TASKMASTER_CLIENT_CLI_REPORT_H
#define TASKMASTER_CLIENT_CLI_REPORT_H

#include "taskmaster/client.h"

#include <jansson.h>

/* What the end of a single job means for the shell. */
int report_exit_status(const tm_client_event *event);

/* Complains about an end that is not `done`: reason, code, signal, step and message, in one line.
 * `line` is the line of input that the job came from; 0: none. */
void report_failure(const tm_client_event *event, uint64_t line);

/* Complains further about a worker that was lost: what it had printed last, line by line. */
void report_output(const tm_client_event *event);

/* The text as a value of JSON. JSON has no bytes that are not UTF-8, but an address and a message
 * that names it may: '?' stands for each byte of such a text that is not ASCII. */
json_t *report_json_text(const char *text);

/* Takes a value and returns it as one line of JSON with its LF, in which no control character
 * stands as it is. The caller frees it; `*len` gets its length. */
char *report_json_line(json_t *value, size_t *len);

/* The event as one line of JSON with its LF: what the server said, without the request's id, with
 * `line` unless that is 0, and the payload as `payload` if it is text, else as `payload_base64`.
 * The caller frees it; `*len` gets its length. */
char *report_json(const tm_client_event *event, uint64_t line, size_t *len);

/* The same for the error event that made a call fail. */
char *report_json_error(const tm_client *client, size_t *len);

/* The same shape for a line that the server said nothing about: an event of this name. */
char *report_json_fault(const char *name, const char *message, uint64_t line, size_t *len);

#endif
