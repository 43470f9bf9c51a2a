/*
 * awaited: answers to come later than their request: those of reload.
 *
 * Each is kept here with its request's id until it can be told. Its session does not end before,
 * and takes it along when it is closed. A reload behind another one replaces the workers for both,
 * so all are told at the same time.
 */
#ifndef TASKMASTER_CLIENTS_AWAITED_H
#define TASKMASTER_CLIENTS_AWAITED_H

#include "clients/control.h"
#include "clients/session.h"

/* The answer to the request waits. `reload` is copied. */
void client_awaited_add(struct client_session *session, const struct request *request,
                        const struct control_reload *reload);

/* The answer comes at once: nothing has changed, and `why` says why the workers stay. */
void client_awaited_refuse(struct client_session *session, const struct request *request,
                           const char *why);

/* Nobody waits for the session's answers any more. */
void client_awaited_forget(struct client_session *session);

/* Tells one of them, and returns its session, to be settled; NULL: none is left. `why` is NULL if
 * the workers are replaced, else why not. */
struct client_session *client_awaited_tell_next(struct clients *clients, const char *why);

#endif
