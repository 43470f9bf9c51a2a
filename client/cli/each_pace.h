/*
 * each_pace: the number of jobs in flight. After an overload it falls to the server's room at that
 * time. It grows again by an eighth for each advised pause without another overload. Our own jobs'
 * ends leave room at once. Calls nobody.
 */
#ifndef TASKMASTER_CLIENT_CLI_EACH_PACE_H
#define TASKMASTER_CLIENT_CLI_EACH_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct each_pace {
    size_t limit, limit_max;
    size_t submitted; /* in flight after the last submit */
    int64_t grow_at;  /* see deadline.h */
    int pause_ms;     /* the last advice */
};

void each_pace_open(struct each_pace *pace, size_t jobs);

/* True if another job may be submitted while `running` are in flight. */
bool each_pace_allows(const struct each_pace *pace, size_t running);

/* A job was submitted; `running` are in flight now. */
void each_pace_submitted(struct each_pace *pace, size_t running);

/* The server refused a job and advises a pause. */
void each_pace_overload(struct each_pace *pace, int64_t retry_after_ms);

/* Raises the limit if the pause is over. */
void each_pace_grow(struct each_pace *pace);

/* Returns the milliseconds until the limit can grow; -1: it is at its maximum. */
int each_pace_wait_ms(const struct each_pace *pace);

#endif
