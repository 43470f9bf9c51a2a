/*
 * worker_connection: a connection on the worker port.
 *
 * port.c accepts it and reads its hello. With a valid token it becomes a worker's: from then on its
 * messages are read here, and checked (message.h). Their answers go to results.c. A fault or the
 * end of the connection goes to death.c.
 */
#ifndef TASKMASTER_WORKERS_CONNECTION_H
#define TASKMASTER_WORKERS_CONNECTION_H

#include "base/payload.h"
#include "base/timers.h"
#include "common/wire.h"
#include "net/conn.h"
#include "net/unauthenticated.h"
#include "workers/link.h"

#include <stdbool.h>

struct worker_connection {
    struct conn conn;
    struct workers *workers;
    struct worker_link *link; /* NULL: unauthenticated, or closed */
    struct wire_head head;    /* of the arriving message */
    struct payload *text;     /* of a failure, while its details arrive; owned */
    bool ended;               /* its end was seen; the rest is being read */
    bool last;                /* the worker is dead, and nobody waits for room any more */
    bool blocked;             /* the kernel does not take all output at once */
    uint64_t taken_us;        /* when the kernel took some of such output last; 0: never */

    /* while unauthenticated */
    struct unauthenticated peer;
    struct timer deadline;
};

static inline struct worker_connection *worker_connection_of(struct conn *conn)
{
    return (struct worker_connection *)((char *)conn - offsetof(struct worker_connection, conn));
}

/* Makes an unauthenticated connection the worker's, and welcomes the worker. */
void worker_connection_authenticate(struct worker_connection *connection, struct worker_link *link);

/* `text` has head->text_len bytes. `payload` may be NULL. */
void worker_connection_send(struct worker_connection *connection, const struct wire_head *head,
                            const void *text, struct payload *payload);

/* The job is assigned to the worker: a job with parts is read in small pieces. */
void worker_connection_assigned(struct worker_connection *connection, const struct job *job);

/* Goes on with the parts of its job. `wanted` is false from the moment that they are dropped. */
void worker_connection_go_on(struct worker_connection *connection, bool wanted);

/* Ends the output after the messages sent so far. The worker ends by itself at the end of its
 * input. */
void worker_connection_end_output(struct worker_connection *connection);

/* Callbacks of struct conn_ops, the same for both kinds of connections. */
ssize_t worker_connection_header_end(const struct conn *conn, const char *data, size_t len);
void worker_connection_header_too_long(struct conn *conn);
void worker_connection_slow(struct conn *conn, enum conn_slow what);
void worker_connection_free(struct conn *conn);

#endif
