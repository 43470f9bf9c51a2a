/* refusal: the error of a request, kept until it is written: the request's payload comes first. */
#ifndef TASKMASTER_PROTOCOL_REFUSAL_H
#define TASKMASTER_PROTOCOL_REFUSAL_H

#include "protocol/request.h"

struct conn;

struct refusal {
    const char *code;
    /* Borrowed: of an error that is written at once, or NULL. */
    const struct fault_place *place;
    const struct fault_owner *owner;
    size_t context_len;
    char op[OP_TEXT_MAX + 1]; /* compact JSON; empty if it is not known */
    char id[ID_TEXT_MAX + 1];
    char message[REQUEST_MESSAGE_MAX];
    char context[CONTEXT_MAX];
};

/* Fills a refusal without a request. */
void refusal_init(struct refusal *refusal, const char *code, const char *message);

/* Fills a refusal with the error and the fields of a request. */
void refusal_of_request(struct refusal *refusal, const struct request *request);

/* Writes the event "error". */
void refusal_write(const struct refusal *refusal, struct conn *conn, bool fatal);

#endif
