/* tokens: the rate of answers to wrong tokens, and the search for revoked ones (tokens.c). */
#ifndef TASKMASTER_CLIENTS_TOKENS_H
#define TASKMASTER_CLIENTS_TOKENS_H

#include "access/grant.h"
#include "base/timers.h"

#include <stdint.h>

struct client_session;

struct client_tokens {
    uint64_t changes;            /* of the settings, from 1: sessions look their grants up again */
    uint64_t refused_us;         /* when the last wrong token is answered */
    struct client_session *next; /* to be looked at, while revoked tokens are searched for */
    struct timer revoke;         /* set: the search goes on when it fires */
};

/* `revoke` is called with `arg` when the search goes on. */
void client_tokens_init(struct client_tokens *tokens, void (*revoke)(void *arg), void *arg);
void client_tokens_free(struct client_tokens *tokens, struct timers *timers);

/* What the session's token grants, by the settings in force; nothing once it is revoked. Valid
 * until the next reload. */
const struct grant *client_tokens_grant(struct client_session *session);

#endif
