/*
 * owner: whose a job is, behind the gateway.
 *
 * The master is told the user's name with `for`. The queue knows one owner, the gateway: so the key
 * of a kept job begins with the user's name and a slash, which no name has. A job without a key of
 * its user's is given one. Users without a name share their jobs, and their keys are sent as they
 * are.
 */
#ifndef TASKMASTER_GATEWAY_API_OWNER_H
#define TASKMASTER_GATEWAY_API_OWNER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct http_exchange;

enum { OWNER_KEY_MAX = 128 }; /* bytes of the queue's key */

/* Bytes that the user's own key may have. */
size_t owner_key_room(struct http_exchange *exchange);

/* Writes the key of a kept job. `key`: the user's own, not longer than the room; NULL: none. False:
 * the job has no key. */
bool owner_key(struct http_exchange *exchange, const char *key, char to[OWNER_KEY_MAX + 1]);

/* Whether a job with this status is the user's own. `kept`: the queue has told it. */
bool owner_has(struct http_exchange *exchange, const json_t *status, bool kept);

#endif
