/*
 * session_clients: the clients of fuzz_session: they connect, speak, in pieces or nonsense, cancel,
 * stop reading, half-close and go. One that keeps to the protocol must get one terminal event for
 * each of its submits.
 */
#ifndef TASKMASTER_FUZZ_SESSION_CLIENTS_H
#define TASKMASTER_FUZZ_SESSION_CLIENTS_H

#include "clients/clients.h"
#include "session_bytes.h"

#include <stdbool.h>

/* None is connected; `of_master` is where they connect to. */
void peers_reset(struct clients *of_master);

/* One of them does what the input says. */
void peers_act(struct input *input);

/* Those that read at all read what was sent to them. */
void peers_read(void);

/* All of them read again and send what is left. */
void peers_go_on(void);

/* Nothing is on the way from or to any of them, as far as they know. */
bool peers_are_done(void);

/* The promise to those that kept to the protocol was kept. */
void peers_check(void);

void peers_leave(void);

#endif
