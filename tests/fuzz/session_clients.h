/*
 * session_clients: the clients of fuzz_session. They connect, send requests or nonsense, in pieces,
 * too, cancel, stop reading, half-close and go. A client within the protocol must get one terminal
 * event for each submit.
 */
#ifndef TASKMASTER_FUZZ_SESSION_CLIENTS_H
#define TASKMASTER_FUZZ_SESSION_CLIENTS_H

#include "clients/clients.h"
#include "session_bytes.h"

#include <stdbool.h>

/* Begins without any connection. Clients connect to `of_master`. */
void peers_reset(struct clients *of_master);

/* One client acts as the input says. */
void peers_act(struct input *input);

/* All clients read, unless they have stopped reading. */
void peers_read(void);

/* All clients read again, and send their remaining bytes. */
void peers_go_on(void);

/* No byte is on its way from or to a client, by the clients' own knowledge. */
bool peers_are_done(void);

/* Checks the promise to clients within the protocol: one end for each submit. */
void peers_check(void);

void peers_leave(void);

#endif
