/* log: lines of the log about clients. Clients can cause them, so each kind has a rate. */
#ifndef TASKMASTER_CLIENTS_LOG_H
#define TASKMASTER_CLIENTS_LOG_H

#include "base/log_limit.h"

struct client_service;
struct client_session;
struct clients;
struct job;

struct client_log {
    struct log_limit errors, truncated, dropped, refused, service_dropped;
};

void client_log_init(struct client_log *log, struct timers *timers);
void client_log_free(struct client_log *log);

enum { CLIENT_LOG_NAME_MAX = 256 };

/* Names the session and its token, as the reason of an event: "client 7@127.0.0.1:4711 (deploy)".
 */
void client_log_name(struct client_session *session, char name[CLIENT_LOG_NAME_MAX]);

/* client-error: a fatal error was told. */
void client_log_error(const struct client_session *session, const char *code, const char *message);

/* client-truncated: the input ended within a message, `what`. */
void client_log_truncated(const struct client_session *session, const char *what);

/* client-dropped: the server closes a connection with unread output. */
void client_log_dropped(const struct client_session *session, const char *why, const char *hint);

/* client-refused: the server has no room for a connection. */
void client_log_refused(struct clients *clients, const char *client, const char *why);

/* service-dropped: the end of a job for a service had no owner to go to. */
void client_log_service_dropped(const struct client_service *service, const struct job *job);

#endif
