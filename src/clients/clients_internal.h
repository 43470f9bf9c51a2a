/*
 * client_private: what the files of client_session share. Nobody else includes this.
 *
 *     input.c     a session's input
 *     session.c   a session's life
 *     admit.c     from a connection to a client
 *     tokens.c    right, wrong and revoked tokens
 *     requests.c  what each operation does
 *     job_ids.c   unfinished jobs, by session and id
 *     replies.c   the events of jobs
 *     refusal.c   the errors of requests
 */
#ifndef TASKMASTER_CLIENTS_CLIENTS_INTERNAL_H
#define TASKMASTER_CLIENTS_CLIENTS_INTERNAL_H

#include "base/timers.h"
#include "clients/session.h"
#include "common/limits.h"
#include "jobs/dispatcher.h"
#include "net/conn.h"
#include "net/unauthenticated.h"
#include "protocol/request.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum { ID_SHOWN_MAX = 100 }; /* bytes of an id in a message */

enum session_state {
    SESSION_OPEN,
    SESSION_ENDING,
    SESSION_LINGER,
};

/* An error to tell: at once, or once the payload of the request has passed. */
struct refusal {
    const char *code;
    size_t context_len;
    char op[OP_TEXT_MAX + 1]; /* compact JSON text; empty if it is not known */
    char id[ID_TEXT_MAX + 1];
    char message[REQUEST_MESSAGE_MAX];
    char context[CONTEXT_MAX];
};

struct client_session {
    struct conn conn;
    struct job_source source;
    struct clients *clients;
    TAILQ_ENTRY(client_session) link;
    uint64_t number;
    uint8_t state;   /* enum session_state */
    bool greeted;    /* hello was answered: it counts as connected */
    uint8_t last_op; /* enum op, of the header that was read last */
    uint8_t arriving_module_len;
    char *module;            /* the default; NULL until one is set */
    struct job *arriving;    /* a submit whose payload is on its way, */
    struct refusal *refusal; /* or what a wrong request will be answered */
    size_t last_size;        /* bytes of payload that this header announced */
    uint32_t hello_limit_ms; /* for its hello to come */
    uint32_t payload_max;    /* as it was told in the answer to its hello, whatever a reload does */
    union {
        struct unauthenticated unauthenticated;    /* until it is greeted; then: */
        char arriving_module[MODULE_NAME_MAX + 1]; /* of the submit */
    };
    uint64_t token_digest;
    struct timer timer; /* hello-timeout, or when it is refused; then linger */
    char name[];        /* who it is, for the log */
};

/* It named a wrong token, and is told so in a while. */
static inline bool client_session_is_suspect(const struct client_session *session)
{
    return !session->greeted && session->unauthenticated.kind == UNAUTHENTICATED_REFUSED;
}

static inline struct client_session *client_session_of_source(struct job_source *source)
{
    return (struct client_session *)((char *)source - offsetof(struct client_session, source));
}

static inline struct timers *client_session_timers(const struct client_session *session)
{
    return session->clients->loop->timers;
}

/* session.c: faults and ends */

/* The verdict on the request is carried out: the error is told at once, or once the payload of the
 * request has passed, or after a delay; after a fatal error nothing more is read. */
void client_session_apply(struct client_session *session, const struct request *request,
                          enum request_verdict verdict);

/* Tells a fatal error and ends the input. `request`: the fields that could be read, or NULL. */
void client_session_fail(struct client_session *session, const struct request *request,
                         const char *code, const char *message);
void client_session_fail_with(struct client_session *session, struct refusal *refusal);

/* Refuses a submit whose id belongs to an unfinished job, and frees its job. */
void client_session_refuse_job(struct client_session *session, struct job *job);

/* The hello is accepted: the connection is a client now. `token`: its digest. */
void client_session_greet(struct client_session *session, uint64_t token);

/* No request is read any more. The ties to its jobs are cut, which ends some of them; their events
 * are still delivered. */
void client_session_end_input(struct client_session *session);

/* Goes on to end the session once nothing is left to be delivered. */
void client_session_settle(struct client_session *session);

/* Closes the connection at once. client_session_drop() warns the operator too, because the client
 * did not wish the end and events for it are lost. */
void client_session_close(struct client_session *session, const char *why);
void client_session_drop(struct client_session *session, const char *why, const char *hint);

/* The connection is closed: frees the session once all its jobs have left it. */
void client_session_free(struct client_session *session);

/* input.c */

extern const struct conn_ops client_input_ops;

/* admit.c: unauthenticated connections and clients */

enum { UNAUTHENTICATED_MAX = 100 }; /* places for connections whose hello was not answered */

void client_admit_init(struct clients *clients);

/* Takes a new connection: reads its hello if it is there, and ends unauthenticated connections that
 * have become too many. */
void client_admit_new(struct client_session *session);

/* There is no descriptor for one more: an unauthenticated connection goes first. False if none can.
 */
bool client_admit_make_way(struct clients *clients);

/* Ends unauthenticated connections that have become too many, once their first second is over. */
void client_admit_watch(struct clients *clients);

/* Whether there is a place for one more client. */
enum request_verdict client_admit_check(const struct clients *clients, struct request *request);

/* It is being closed. */
void client_admit_leave(struct client_session *session);

/* tokens.c */

void client_tokens_init(struct clients *clients);

/* The settings have changed: sessions whose token is not in force any more are ended, in the turns
 * to come. */
void client_tokens_configure(struct clients *clients);

/* Whether the hello has a token in force. */
enum request_verdict client_tokens_check(const struct clients *clients, struct request *request);

/* When the next wrong token is answered. */
uint64_t client_tokens_delay(struct clients *clients);

/* The session is being freed. */
void client_tokens_forget(struct client_session *session);

/* requests.c: operations */

/* Runs a right request, or returns the verdict on it. A wrong one may be a second hello. */
enum request_verdict client_requests_answer(struct client_session *session,
                                            struct request *request);

/* Submits a job that was read whole; now its module is looked up. False: an unfinished job has the
 * id, and the job stays the caller's. */
bool client_requests_submit(struct client_session *session, struct job *job, const char *module,
                            size_t module_len);

/* job_ids.c: unfinished jobs, by session and id. An id is JSON text. */

/* NULL if the session has no such job. */
struct job *client_job_ids_find(const struct client_session *session, const char *id, size_t len);

/* Adds a new job of the session. False if an unfinished job has the id already. */
bool client_job_ids_add(struct client_session *session, struct job *job);

/* The job source's function `left`: removes the job. */
void client_job_ids_on_left(struct job_source *source, struct job *job);

/* refusal.c: errors of requests */

/* Fills a refusal for a request. `request`: the fields that could be read, or NULL. */
void client_refusal_init(struct refusal *refusal, const struct request *request, const char *code,
                         const char *message);

/* Likewise for a submit, from its job. */
void client_refusal_init_job(struct refusal *refusal, const struct job *job, const char *code,
                             const char *message);

/* Likewise for a submit whose id belongs to an unfinished job of the session. */
void client_refusal_init_duplicate(struct refusal *refusal, const struct job *job);

/* Writes the error. An error with the id of an unfinished job would look like the end of that job.
 * So an error about a submit with such an id becomes duplicate-id, whatever else is wrong; a fatal
 * error keeps its code and loses the id. */
void client_refusal_write(struct client_session *session, struct refusal *refusal, bool fatal);

/* replies.c: events of jobs */

/* The job source's function `event`. */
void client_replies_on_job(struct job_source *source, struct job *job, const struct job_event *e);

#endif
