/*
 * queue_callers: the clients of fuzz_queue. They connect, submit, wait, ask, stop reading,
 * half-close, go, and send nonsense. A client within the protocol must get one terminal event for
 * each submit and wait, and one answer for each other request; and no outcome before the store has
 * it.
 */
#ifndef TASKMASTER_FUZZ_QUEUE_CALLERS_H
#define TASKMASTER_FUZZ_QUEUE_CALLERS_H

#include "input.h"

#include <stdbool.h>

/* Of one half of the clients, and of the other. */
#define CALLERS_TOKEN_ALL "the-first-token-of-all"
#define CALLERS_TOKEN_WEB "the-second-token-of-all"

/* Begins without any connection. */
void callers_reset(void);

/* One client acts as the input says. */
void callers_act(struct input *input);

/* All clients read, unless they have stopped reading. */
void callers_read(void);

/* All clients read again, and send their remaining bytes. */
void callers_go_on(void);

/* The promise to the clients within the protocol is kept. From or to the others no byte is on its
 * way, by their own knowledge. */
bool callers_are_done(void);

/* All connections are lost: nothing is expected of them any more. */
void callers_lose(void);

/* All close their connections. */
void callers_leave(void);

#endif
