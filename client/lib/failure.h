/* failure: the reason for a failed call, in words. A client holds one. The finder of a fault fills
 * it in and returns its status in one statement. */
#ifndef TASKMASTER_CLIENT_LIB_FAILURE_H
#define TASKMASTER_CLIENT_LIB_FAILURE_H

#include "common/limits.h"
#include "taskmaster/client.h"

#include <jansson.h>

struct tmc_failure {
    char text[MESSAGE_MAX + 256];
    char code[CODE_MAX + 1]; /* the server's; "": none */
    char event[HEADER_MAX];  /* the server's error event, without the LF; "": none */
};

/* Sets the text, in printf form and cleaned (clean.h), and clears the rest. Returns `status`. */
tm_client_status tmc_failure_set(struct tmc_failure *failure, tm_client_status status,
                                 const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Sets the text for MEMORY. */
tm_client_status tmc_failure_memory(struct tmc_failure *failure);

/* Sets our words with the complaint of jansson, or MEMORY if errno is ENOMEM. The caller sets errno
 * to 0 before calling jansson. */
tm_client_status tmc_failure_json(struct tmc_failure *failure, tm_client_status status,
                                  const char *words, const json_error_t *error);

/* Sets our words with the code and message of an error event, and keeps the event. Returns
 * `status`.
 */
tm_client_status tmc_failure_quote(struct tmc_failure *failure, tm_client_status status,
                                   const char *words, const tm_client_event *event);

#endif
