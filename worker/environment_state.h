/*
 * environment_state: takes a copy of the environment's variables and sets them again.
 *
 * A copy keeps each text twice. The first text stands in the environment while the copy is set: a
 * module may write to it, and may keep pointers to it. The second text repairs the first. So
 * setting the copy again allocates and frees nothing, and no pointer from getenv() dangles.
 */
#ifndef TASKMASTER_WORKER_ENVIRONMENT_STATE_H
#define TASKMASTER_WORKER_ENVIRONMENT_STATE_H

#include <stdbool.h>

struct environment_state;

struct environment_state *environment_state_take(void);
void environment_state_set(struct environment_state *e);
bool environment_state_same(const struct environment_state *a, const struct environment_state *b);

/* Frees a copy, unless the copy was ever set: modules may point into its texts. */
void environment_state_free(struct environment_state *e);

#endif
