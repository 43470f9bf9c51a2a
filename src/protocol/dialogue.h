/*
 * dialogue: the requests of one connection: reads each, calls its operation, writes its error.
 *
 * An operation only returns a verdict. The dialogue alone writes errors: at once, or once the
 * payload of the refused request has passed. Before hello is answered, every error is fatal.
 *
 * The owner of the connection passes its callbacks on, and ends the connection after a fatal error
 * (protocol->failed).
 */
#ifndef TASKMASTER_PROTOCOL_DIALOGUE_H
#define TASKMASTER_PROTOCOL_DIALOGUE_H

#include "net/conn.h"
#include "protocol/refusal.h"

struct dialogue {
    struct conn *conn;
    const struct protocol *protocol;
    const struct operation *last; /* of the last header; NULL: none, or unknown */
    size_t last_size;             /* bytes of payload announced by the last header */
    struct refusal *refusal;      /* to be told once a payload has passed, or later */
    uint32_t payload_max;         /* as told in the answer to hello, whatever a reload does */
    bool greeted;                 /* hello was accepted */
};

void dialogue_init(struct dialogue *dialogue, const struct protocol *protocol, struct conn *conn,
                   uint32_t payload_max);

/* Frees the refusal in progress. */
void dialogue_free(struct dialogue *dialogue);

/* For conn_ops.header_end, .header, .message and .header_too_long. */
ssize_t dialogue_header_end(const struct conn *conn, const char *data, size_t len);
void dialogue_header(struct dialogue *dialogue, char *data, size_t len);
void dialogue_message(struct dialogue *dialogue, struct payload *payload, bool over_budget);
void dialogue_header_too_long(struct dialogue *dialogue);

/* Writes a fatal error and calls protocol->failed. */
void dialogue_fail(struct dialogue *dialogue, struct refusal *refusal);

#endif
