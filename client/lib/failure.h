/* failure: the text and the server's word of a call that failed. A client holds one; whoever finds
 * the fault fills it in and returns its status in one statement. */
#ifndef TASKMASTER_CLIENT_LIB_FAILURE_H
#define TASKMASTER_CLIENT_LIB_FAILURE_H

#include "common/limits.h"
#include "taskmaster/client.h"

#include <jansson.h>

struct tmc_failure {
    char text[MESSAGE_MAX + 256];
    char code[CODE_MAX + 1]; /* "" unless the server gave one; likewise: */
    char event[HEADER_MAX];  /* its error event, without the LF */
};

/* Sets the text (printf form, control characters become '?'), clears the rest, returns `status`. */
tm_client_status tmc_failure_set(struct tmc_failure *failure, tm_client_status status,
                                 const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The one text for memory that ran out. */
tm_client_status tmc_failure_memory(struct tmc_failure *failure);

/* What a JSON parser complained about, behind a few words of ours; or memory, if it was that. errno
 * was set to 0 before the parser was called. */
tm_client_status tmc_failure_json(struct tmc_failure *failure, tm_client_status status,
                                  const char *words, const json_error_t *error);

/* Sets our words with the code and message of an error event, and keeps the event. Returns
 * `status`.
 */
tm_client_status tmc_failure_quote(struct tmc_failure *failure, tm_client_status status,
                                   const char *words, const tm_client_event *event);

#endif
