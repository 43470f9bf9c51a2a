/*
 * asked: a request whose answer comes later: the store, the master or another part has to be asked.
 *
 * Answers come in the order of their requests. So while a request that `holds` is asked, the next
 * one of its session is held. Requests that take long do not hold: their answers come when they
 * are done.
 *
 * An operation's question is a struct with a struct queue_asked at its beginning.
 */
#ifndef TASKMASTER_QUEUE_CLIENTS_ASKED_H
#define TASKMASTER_QUEUE_CLIENTS_ASKED_H

#include "protocol/event_writer.h"
#include "protocol/request.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

/* The message of `storage`. A change may have come about: the store did not tell. */
#define QUEUE_STORAGE_AWAY "the store cannot be reached now; ask again later"

struct payload;
struct queue_session;

struct queue_asked {
    TAILQ_ENTRY(queue_asked) link;
    struct queue_session *session; /* NULL: the connection is lost */
    const struct operation *operation;
    bool holds;
    /* The connection is lost: takes the question back. NULL: the answer comes all the same. */
    void (*forget)(struct queue_asked *asked);
    char id[ID_TEXT_MAX + 1];
};

TAILQ_HEAD(queue_asked_list, queue_asked);

/* A question of `size` bytes, all zero behind its beginning. */
void *queue_asked_new(size_t size, struct queue_session *session, const struct request *request,
                      bool holds, void (*forget)(struct queue_asked *asked));

/* The answer has come: whether anybody is to be told. */
bool queue_asked_is_heard(const struct queue_asked *asked);

/* Begins an event with the request's id; an `ok` with its op, too. */
void queue_asked_begin(struct event_writer *event, const struct queue_asked *asked,
                       const char *name);
void queue_asked_begin_ok(struct event_writer *event, const struct queue_asked *asked);

/* Writes an error. Begins one, for further fields. */
void queue_asked_refuse(const struct queue_asked *asked, const char *code, const char *message);
void queue_asked_begin_error(struct event_writer *event, const struct queue_asked *asked,
                             const char *code, const char *message);

/* The error of a request that needs a store which cannot be reached. */
void queue_asked_refuse_storage(const struct queue_asked *asked);

/* Writes an event with a payload, named as the request. `fields`: further ones, JSON text, or
 * NULL. The text is copied. */
void queue_asked_tell_payload(const struct queue_asked *asked, struct payload *payload);
void queue_asked_tell_page(const struct queue_asked *asked, const char *fields, const char *text);

/* All is told: frees the question, and the session goes on. */
void queue_asked_end(struct queue_asked *asked);

/* The session's connection is lost. */
void queue_asked_forget_all(struct queue_session *session);

/* Whether the next request has to wait. */
bool queue_asked_holds(const struct queue_session *session);

/* How many answers are yet to come. */
size_t queue_asked_count(const struct queue_session *session);

#endif
