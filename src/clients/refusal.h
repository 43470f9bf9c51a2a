/* refusal: errors about submits (refusal.c). */
#ifndef TASKMASTER_CLIENTS_REFUSAL_H
#define TASKMASTER_CLIENTS_REFUSAL_H

#include "protocol/refusal.h"

struct client_session;
struct job;

/* Fills a refusal for a submit, from its job. */
void client_refusal_init_job(struct refusal *refusal, const struct job *job, const char *code,
                             const char *message);

/* Likewise for a submit with the id of an unfinished job of the session. */
void client_refusal_init_duplicate(struct refusal *refusal, const struct job *job);

/* Amends an error about a submit with the id of an unfinished job: it would look like the end of
 * this job. The error becomes duplicate-id, whatever else is wrong; a fatal error keeps its code
 * and loses the id. */
void client_refusal_amend(const struct client_session *session, struct refusal *refusal,
                          bool fatal);

#endif
