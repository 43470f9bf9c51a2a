/* tokens: the rate of answers to wrong tokens, and the search for revoked ones (tokens.c). */
#ifndef TASKMASTER_PEERS_TOKENS_H
#define TASKMASTER_PEERS_TOKENS_H

#include "base/timers.h"

#include <stdint.h>

struct peer;

struct peers_tokens {
    uint64_t changes;    /* of the settings, from 1: peers look their grants up again */
    uint64_t refused_us; /* when the last wrong token is answered */
    struct peer *next;   /* to be looked at, while revoked tokens are searched for */
    struct timer revoke; /* set: the search goes on when it fires */
};

/* `revoke` is called with `arg` when the search goes on. */
void peers_tokens_init(struct peers_tokens *tokens, void (*revoke)(void *arg), void *arg);
void peers_tokens_free(struct peers_tokens *tokens, struct timers *timers);

#endif
