/* log: lines of the log about clients. Clients can cause them, so each kind has a rate. */
#ifndef TASKMASTER_PEERS_LOG_H
#define TASKMASTER_PEERS_LOG_H

#include "base/log_limit.h"

struct peer;
struct peers;

struct peers_log {
    struct log_limit errors, truncated, dropped, refused;
};

void peers_log_init(struct peers_log *log, struct timers *timers);
void peers_log_free(struct peers_log *log);

enum { PEERS_LOG_NAME_MAX = 256 };

/* Names the client and its token, as the reason of an event: "client 7@127.0.0.1:4711 (deploy)".
 */
void peers_log_name(struct peer *peer, char name[PEERS_LOG_NAME_MAX]);

/* client-error: a fatal error was told. */
void peers_log_error(const struct peer *peer, const char *code, const char *message);

/* client-truncated: the input ended within a message, `what`. */
void peers_log_truncated(const struct peer *peer, const char *what);

/* client-dropped: the server closes a connection with unread output. */
void peers_log_dropped(const struct peer *peer, const char *why, const char *hint);

/* client-refused: the server has no room for a connection. */
void peers_log_refused(struct peers *peers, const char *client, const char *why);

#endif
