/*
 * master_link: the worker's end of its connection to the master; messages as in common/wire.h.
 *
 * All calls block: a worker does one thing at a time. One recv(2) takes everything that has
 * arrived, and one sendmsg(2) sends a message. Faults are reported here; the caller only has to
 * end.
 */
#ifndef TASKMASTER_WORKER_MASTER_LINK_H
#define TASKMASTER_WORKER_MASTER_LINK_H

#include "common/wire.h"

#include <stdbool.h>
#include <stddef.h>

struct master_link;

enum link_status {
    LINK_OK,
    LINK_END,    /* end of input between two messages: the master ends the worker */
    LINK_BROKEN, /* a fault of the socket or of a message; reported */
    LINK_IDLE,   /* no message has begun in the time of master_link_set_patience() */
};

/* Takes ownership of a connected stream socket; master_link_free() closes it. */
struct master_link *master_link_new(int fd);
void master_link_free(struct master_link *link);

/*
 * Reads the next message's head into `head` and checks it: the magic number, a terminated name, a
 * text only in a RUN and of its right length, and at most `payload_max` bytes of payload. The
 * caller then reads exactly head->text_len and head->size bytes with master_link_read(). Returns
 * LINK_IDLE at the end of its patience.
 */
enum link_status master_link_receive(struct master_link *link, struct wire_head *head,
                                     uint64_t payload_max);

/* True if a whole message was received already, so that reading it does not wait. */
bool master_link_has_message(const struct master_link *link);

/* How long master_link_receive() waits for a message; 0: without end. A call without a change costs
 * nothing. */
void master_link_set_patience(struct master_link *link, int timeout_ms);

/* Reads exactly `len` bytes. Returns LINK_OK or LINK_BROKEN. */
enum link_status master_link_read(struct master_link *link, void *data, size_t len);

/* Reads `len` bytes and drops them. Returns LINK_OK or LINK_BROKEN. */
enum link_status master_link_skip(struct master_link *link, size_t len);

/* True if the descriptor is still this connection. A module may have closed it and opened another
 * file in its place. */
bool master_link_is_whole(const struct master_link *link);

/* Waits until all sent bytes are at the master's side of the connection. If this process dies with
 * received bytes unread, the kernel resets the connection and drops unsent bytes. */
void master_link_await_delivery(struct master_link *link);

/* Sends head, head->text_len bytes of text and head->size bytes of payload, and fills in the magic
 * number. Returns LINK_OK or LINK_BROKEN. */
enum link_status master_link_send(struct master_link *link, struct wire_head *head,
                                  const char *text, const void *payload);

#endif
