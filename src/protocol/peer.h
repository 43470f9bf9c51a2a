/*
 * peer: a connection with a dialogue and nothing else.
 *
 * After a fatal error, or the end of input, the peer takes the rest of its output; then the sending
 * side is shut, and the connection closes at the end of input or after PEER_LINGER_MS. A program
 * with more to a connection, such as jobs, has its own conn_ops instead (clients/input.c).
 */
#ifndef TASKMASTER_PROTOCOL_PEER_H
#define TASKMASTER_PROTOCOL_PEER_H

#include "protocol/dialogue.h"

enum { PEER_LINGER_MS = 1000 };

/* Takes over `fd`. -1: the event loop does not take it, and it stays the caller's. The limits are
 * borrowed. protocol->failed is to be peer_on_failed(). */
int peer_open(struct conn_loop *loop, int fd, const struct protocol *protocol,
              const struct conn_limits *limits, uint32_t payload_max);

void peer_on_failed(struct dialogue *dialogue, const struct refusal *refusal);

#endif
