/*
 * owed: outcomes for a client that does not read.
 *
 * Output costs memory, and an outcome is in the store anyway. So while much output waits for a
 * client, the outcomes of its submits and waits are left in the store. When the client has read,
 * they are read from there one after the other, and told.
 */
#ifndef TASKMASTER_QUEUE_CLIENTS_OWED_H
#define TASKMASTER_QUEUE_CLIENTS_OWED_H

#include <stdbool.h>

struct queue_session;

/* Whether an outcome is to be told later. */
bool queue_owed_is_due(const struct queue_session *session);

/* The client has taken some output: reads the next one if there is room. */
void queue_owed_go_on(struct queue_session *session);

/* The connection is lost. */
void queue_owed_forget(struct queue_session *session);

#endif
