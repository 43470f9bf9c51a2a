/* clang-format off */
/*
 * client_session: one client's connection, a source of jobs.
 *
 * It reads requests and answers them, hands submits to the dispatcher and writes the events of its
 * jobs. The table in requests.c says which operation is handled where. How a session ends:
 *
 *     OPEN --(EOF, or an error that is fatal)--> ENDING: no more requests; events of its jobs
 *                                                are still delivered
 *          --(no job left, all output taken)---> LINGER: the sending side is shut, input is
 *                                                thrown away until EOF
 *          --(EOF, or linger-ms)---------------> closed
 *
 * A reset, a failed write or a client that does not read closes it at once from any state.
 */
/* clang-format on */
#ifndef TASKMASTER_CLIENTS_SESSION_H
#define TASKMASTER_CLIENTS_SESSION_H

#include "access/settings.h"
#include "base/log_limit.h"
#include "clients/settings.h"
#include "jobs/dispatcher.h"
#include "jobs/module_table.h"
#include "net/conn.h"
#include "net/unauthenticated.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

struct report;

/* What the sessions share; the master fills it in. */
struct clients {
    struct dispatcher *dispatcher;
    struct module_table *modules;
    struct conn_loop *loop;
    const struct client_settings *settings; /* in force; a reload swaps them between turns */
    const struct access_settings *access;   /* likewise */
    const struct report *report;            /* what stats and workers tell */
    const char *boot;
    struct conn_limits limits;
    struct conn_limits unauthenticated_limits; /* they are served behind clients */
    struct hash jobs_by_id;                    /* of all sessions, by session and id */
    TAILQ_HEAD(, client_session) sessions;
    size_t connected;   /* those whose hello was answered */
    size_t open;        /* all with a descriptor */
    uint64_t files_max; /* the most of these that leave workers enough descriptors; 0: any */
    size_t reading;     /* those whose requests are read */
    uint64_t last_number;
    struct log_limit errors;    /* client-error lines */
    struct log_limit truncated; /* client-truncated lines */
    struct log_limit dropped;   /* client-dropped lines */
    struct log_limit refused;   /* client-refused lines */

    struct unauthenticated_list unauthenticated; /* those whose hello was not answered */
    struct timer sweep;                          /* while there are many of them */
    uint64_t refused_us;                         /* when the last wrong token is answered */
    struct client_session *revoke_next;          /* whose token is looked at next, after a reload */
    struct timer revoke;
};

void clients_init(struct clients *clients);
void clients_free(struct clients *clients); /* once no session is left */

/* Other settings; open connections follow them from now on. */
void clients_configure(struct clients *clients, const struct client_settings *settings,
                       const struct access_settings *access);

/* A new connection: the session takes over `fd`. */
void clients_accept(struct clients *clients, int fd, const struct sockaddr *addr,
                    socklen_t addr_len);

/* Bytes of output that clients have not taken yet. */
size_t clients_output(const struct clients *clients);

/* From now on a session notes that its client has sent something. */
void clients_listen(struct clients *clients);

/* Ends the sessions whose clients have sent nothing since clients_listen(): their requests are not
 * read any more, and each ends as soon as its output is taken. */
void clients_end_silent(struct clients *clients);

/* Ends all sessions in the same way. */
void clients_end(struct clients *clients);

/* Every connection is closed at once. */
void clients_close(struct clients *clients);

#endif
