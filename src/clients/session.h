/* clang-format off */
/*
 * client_session: one connection of a client, a source of jobs.
 *
 *     NEW --(hello is accepted)--> OPEN --(EOF, bye, fatal error)-> ENDING --(all is taken)--> LINGER
 *      |                                                              ^
 *      |--(wrong token)--> SUSPECT --(delay is over)------------------|
 *      '--(EOF, fatal error)------------------------------------------'
 *
 *     NEW      no hello was accepted yet; the connection is unauthenticated
 *     SUSPECT  likewise; it named a wrong token, is told so after a delay, and is not read meanwhile
 *     OPEN     requests are read
 *     ENDING   no request is read any more; events of its jobs are still delivered
 *     LINGER   the sending side is shut; input is thrown away until EOF or linger-ms
 *     CLOSED   there is no descriptor; the session is freed once its jobs have left it
 *
 * Each state may become CLOSED at once: after a reset, a failed write, or if the client does not
 * read its output.
 */
/* clang-format on */
#ifndef TASKMASTER_CLIENTS_SESSION_H
#define TASKMASTER_CLIENTS_SESSION_H

#include "base/hash.h"
#include "base/timers.h"
#include "clients/clients.h"
#include "common/limits.h"
#include "jobs/job.h"
#include "net/conn.h"
#include "net/unauthenticated.h"
#include "protocol/dialogue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum session_state {
    SESSION_NEW,
    SESSION_SUSPECT,
    SESSION_OPEN,
    SESSION_ENDING,
    SESSION_LINGER,
    SESSION_CLOSED,
    SESSION_STATES
};

/* Why a connection has ended: its first cause. */
enum client_end {
    CLIENT_STAYS,  /* it has not; or the server has ended it */
    CLIENT_CLOSED, /* by the client */
    CLIENT_BYE,    /* by the client, with leave taken */
    CLIENT_RESET,  /* the network or the client broke it off */
    CLIENT_SLOW,   /* its client did not read */
    CLIENT_ERROR,  /* a fatal error was told */
};

struct client_session {
    struct conn conn;
    struct dialogue dialogue; /* greeted: a client, in any state */
    struct job_source source;
    struct clients *clients;
    TAILQ_ENTRY(client_session) link;
    uint64_t number;
    struct hash_node by_number;
    uint8_t state; /* enum session_state */
    uint8_t end;   /* enum client_end */
    uint8_t arriving_module_len;
    bool told_draining;           /* of the server's drain */
    struct client_reader *reader; /* of parts; NULL: none has come so far (reader.c) */
    uint32_t awaited;             /* answers to come later than their requests (awaited.c) */
    uint32_t selections;          /* likewise (selections.c) */
    struct job *arriving;         /* a submit; its payload is on its way */
    char *arriving_service;       /* of the submit; NULL: none */
    char *module;                 /* the default; NULL until one is set */
    char *client;                 /* the client's name, from its hello; NULL: it has none */
    uint64_t connected_us;
    uint32_t hello_limit_ms; /* for the hello to come */
    union {
        struct unauthenticated unauthenticated;    /* until it is greeted; then: */
        char arriving_module[MODULE_NAME_MAX + 1]; /* of the submit */
    };
    uint64_t token_digest;
    const struct grant *grant; /* as of clients->tokens.changes; see client_tokens_grant() */
    uint64_t grant_changes;
    struct client_watch *watch;           /* NULL: none (watch.h) */
    LIST_HEAD(, client_service) services; /* its names (services.h) */
    uint32_t service_count;
    LIST_HEAD(, client_monitor) monitors; /* monitors.h */
    uint32_t monitor_count;
    struct job_origin *origin; /* of its jobs; NULL unless the token has a name */
    struct timer timer;        /* its meaning depends on the state: on_timer() */
    char name[];               /* for the log: "NUMBER@ADDRESS" */
};

/* --- life --- */

/* A new session in state NEW, outside all lists. The caller opens its connection. */
struct client_session *client_session_new(struct clients *clients, const char *address);

/* The connection is open: the hello is waited for from now on. */
void client_session_begin(struct client_session *session);

/* The hello is accepted. `token`: its digest. */
void client_session_greet(struct client_session *session, uint64_t token);

/* Reads no request any more. Tied jobs are cancelled; events of all jobs are still delivered. Does
 * nothing if the input has ended already. */
void client_session_end(struct client_session *session);

/* Goes on to end the session once nothing is left to be delivered. */
void client_session_settle(struct client_session *session);

/* "closed" and so on. */
const char *client_end_name(enum client_end end);

/* Notes the cause of the end. The first one counts; but a client that does not read its last output
 * ends for that. */
void client_session_note_end(struct client_session *session, enum client_end end);

/* Closes the connection at once. client_session_drop() also warns the operator: the client did not
 * ask for the end, and events for it are lost. */
void client_session_close(struct client_session *session, const char *why);
void client_session_drop(struct client_session *session, const char *why, const char *hint);

/* The connection is closed: frees the session once all its jobs have left it. */
void client_session_free(struct client_session *session);

/* Tells a fatal error and ends the input, unless it has ended. */
void client_session_fail(struct client_session *session, const char *code, const char *message);
void client_session_fail_with(struct client_session *session, struct refusal *refusal);

/* Nothing more is read, and the dialogue's refusal is told after a delay. */
void client_session_fail_later(struct client_session *session);

/* --- states --- */

/* The one way to another state; the counts and the place among the unauthenticated connections go
 * with it. Aborts on any other way. */
void client_session_set_state(struct client_session *session, enum session_state state);

/* The session with this number; NULL: it is freed, or never was. */
struct client_session *client_session_find(const struct clients *clients, uint64_t number);

/* A client: connected, and its hello was accepted. */
static inline bool client_session_is_client(const struct client_session *session)
{
    return session->dialogue.greeted && session->state != SESSION_CLOSED;
}

/* Whether the input has not ended yet. */
static inline bool client_session_is_read(const struct client_session *session)
{
    return session->state <= SESSION_OPEN;
}

static inline struct client_session *client_session_of_source(struct job_source *source)
{
    return (struct client_session *)((char *)source - offsetof(struct client_session, source));
}

static inline struct client_session *client_session_of_dialogue(struct dialogue *dialogue)
{
    return (struct client_session *)((char *)dialogue - offsetof(struct client_session, dialogue));
}

static inline struct timers *client_session_timers(const struct client_session *session)
{
    return session->clients->loop->timers;
}

#endif
