/*
 * master_link: the worker's end of its connection to the master; messages as in common/wire.h.
 *
 * Everything blocks: a worker does one thing at a time. What arrives together is taken in one
 * recv(2), and each message leaves in one sendmsg(2). A fault is reported here; the caller has only
 * to end.
 */
#ifndef TASKMASTER_WORKER_MASTER_LINK_H
#define TASKMASTER_WORKER_MASTER_LINK_H

#include "common/wire.h"

#include <stdbool.h>
#include <stddef.h>

struct master_link;

enum link_status {
    LINK_OK,
    LINK_END,    /* end of input where a message could begin: the master wants the worker to end */
    LINK_BROKEN, /* a fault of the socket, or not a message; reported */
};

/* Takes over a connected stream socket. master_link_free() ends it. */
struct master_link *master_link_new(int fd);
void master_link_free(struct master_link *link);

/*
 * Reads the next message's head, fills in `head` and checks its magic number, that the name is
 * terminated, that there is no text (the master sends none) and that the payload has at most
 * `payload_max` bytes. The caller then reads exactly head->size bytes with master_link_read().
 */
enum link_status master_link_receive(struct master_link *link, struct wire_head *head,
                                     uint64_t payload_max);

/* Whether a whole message was received already, so that reading it does not wait. */
bool master_link_has_message(const struct master_link *link);

/* Waits for input; false if there was none within `timeout_ms`. */
bool master_link_wait(const struct master_link *link, int timeout_ms);

/* Reads exactly `len` bytes: LINK_OK or LINK_BROKEN. */
enum link_status master_link_read(struct master_link *link, void *data, size_t len);

/* Whether the descriptor is still this connection: a module may have closed it, and what came in
 * its place. */
bool master_link_is_whole(const struct master_link *link);

/* Waits until what was sent has left this process for the master's side of the connection: should
 * this process die with messages unread, the reset would take it along. */
void master_link_settle(struct master_link *link);

/* Sends head, then head->text_len bytes of text, then head->size bytes of payload; fills in the
 * magic number. LINK_OK or LINK_BROKEN. */
enum link_status master_link_send(struct master_link *link, struct wire_head *head,
                                  const char *text, const void *payload);

#endif
