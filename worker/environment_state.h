/*
 * environment_state: a copy of the environment's variables that can be set again.
 *
 * A copy keeps the texts twice: those that stand in the environment while it is set, which a module
 * may write to and may keep pointers to, and those to set them right from. So nothing is allocated
 * or freed when it is set again, and no pointer from getenv() dangles.
 */
#ifndef TASKMASTER_WORKER_ENVIRONMENT_STATE_H
#define TASKMASTER_WORKER_ENVIRONMENT_STATE_H

#include <stdbool.h>

struct environment_state;

struct environment_state *environment_state_take(void);
void environment_state_set(struct environment_state *e);
bool environment_state_same(const struct environment_state *a, const struct environment_state *b);

/* Only of one that was never set. */
void environment_state_free(struct environment_state *e);

#endif
