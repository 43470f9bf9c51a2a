/* hello: the first request: version, token, and the answer with the program's limits. */
#ifndef TASKMASTER_PROTOCOL_HELLO_H
#define TASKMASTER_PROTOCOL_HELLO_H

#include "access/token_set.h"
#include "protocol/dialogue.h"
#include "protocol/event_writer.h"

/* Rows for the fields of hello; a program may add its own. */
#define HELLO_FIELDS                                                               \
    {"protocol", FIELD_VERSION, .need = FIELD_REQUIRED},                           \
        {"client", FIELD_STRING, .at = offsetof(struct request, client), .min = 1, \
         .max = CLIENT_NAME_MAX},                                                  \
    {                                                                              \
        "token", FIELD_TOKEN, .min = 1, .max = TOKEN_MAX                           \
    }

/* FATAL_LATER unless the hello has a token of the set: guesses should be few. An empty set asks for
 * none. */
enum verdict hello_check_token(struct request *request, const struct token_set *tokens);

/* Writes the answer. Between the first and the last call the program adds its own limits and, if it
 * has tokens, the name and the rights of this one. */
void hello_begin(struct event_writer *event, const struct dialogue *dialogue,
                 const struct request *request, const char *server, const char *boot);
void hello_grant(struct event_writer *event, const struct grant *grant);
void hello_end(struct event_writer *event, const struct dialogue *dialogue,
               const struct request *request);

#endif
